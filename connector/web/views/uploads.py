"""Uploads: files in, faults marked, and on to a plan."""

from pathlib import Path
from typing import Any

from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from connector.runs import run_tables, workspace
from connector.runs.templatebook import write_template
from connector.web import checked, deeds, uploading, works
from connector.web.asked import PageRequest
from connector.web.models import Upload, Work
from connector.web.paging import MOST, Pager, wanted
from connector.web.site import site


def listing(request: PageRequest) -> HttpResponse:
    """The form that takes files, and the uploads of before."""
    if request.method == "POST":
        upload = uploading.take(request.FILES.getlist("files"), request.user.name, site().config().limits)
        work = works.start(works.CHECK, request.user.name, {}, upload)
        deeds.note(request.user.name, "uploaded", ", ".join(one["name"] for one in upload.files))
        return redirect("work", number=work.pk)
    asked = wanted(request)
    every = Upload.objects.all()
    found = every[asked.start : asked.start + MOST]
    told = {"found": found, "pager": Pager(asked, every.count(), request.path), "kinds": uploading.KINDS}
    return render(request, "web/uploads.html", told)


def one(request: PageRequest, number: int) -> HttpResponse:
    """One upload: what was read, the faults, the copies with the faults marked, and the way to a plan."""
    upload, check = _checked(number)
    if check is None:
        return redirect("uploads")
    stands = works.standing(check)
    if stands.state == works.RUNNING:
        return redirect("work", number=check.pk)
    told = {
        "upload": upload,
        "check": check,
        "stands": stands,
        "gone": not site().uploads(upload.pk).is_dir(),
        "plans": [one for one in upload.works.all() if one.kind == works.PLAN and one.found],
        "today": site().now().date(),
    }
    if stands.state == works.DONE and not told["gone"]:
        told |= _faults(request, upload)
    return render(request, "web/upload.html", told)


def faults(request: PageRequest, number: int) -> HttpResponse:
    """The faults of an upload: a part of its page for htmx, else a page."""
    upload, _ = read(number)
    told = {"upload": upload, **_faults(request, upload)}
    return render(request, "web/parts/faults.html" if request.htmx else "web/faults.html", told)


def _faults(request: PageRequest, upload: Upload) -> dict[str, object]:
    asked = wanted(request)
    found = checked.faults(site().uploads(upload.pk), asked.search, asked.choice)
    address = reverse("upload-faults", kwargs={"number": upload.pk})
    rows = found.slice(asked.start, MOST).to_dicts()
    return {"faults": rows, "pager": Pager(asked, found.height, address), "asked": asked, "address": address}


def changes(request: PageRequest, number: int, name: str) -> HttpResponse:
    """What differs from the last upload, row by row or cell by cell."""
    upload, found = read(number)
    asked = wanted(request)
    try:
        cut = run_tables.Asked(asked.search, asked.choice, asked.start, MOST)
        page = run_tables.changes_page(checked.differences(site().uploads(upload.pk)), name, cut)
    except KeyError:
        raise Http404(name) from None
    pager = Pager(asked, page.total, request.path)
    told = {"upload": upload, "compared": found["compared"], "name": name, "page": page, "asked": asked, "pager": pager}
    return render(request, "web/changes.html", told)


def grid(request: PageRequest, number: int, sheet: int) -> HttpResponse:
    """A sheet as it stands, the faults on their cells."""
    upload, known = read_sheet(number, sheet)
    asked = wanted(request)
    start = (asked.page - 1) * checked.MOST_OF_A_PAGE
    letters, rows, total = checked.grid(site().uploads(upload.pk), known, start, faulty=asked.choice == "faulty")
    pages = (total + checked.MOST_OF_A_PAGE - 1) // checked.MOST_OF_A_PAGE
    told = {
        "upload": upload,
        "sheet": known,
        "letters": letters,
        "rows": rows,
        "total": total,
        "asked": asked,
        "pages": pages,
        "before": asked.page - 1,
        "after": asked.page + 1 if asked.page < pages else 0,
    }
    return render(request, "web/grid.html", told)


def marked(_request: PageRequest, number: int, file: int) -> FileResponse:
    """A file back with its faults marked."""
    upload, found = read(number)
    known = next((one for one in found["marked"] if one["number"] == file and one["path"]), None)
    if known is None:
        raise Http404(file)
    path = site().uploads(upload.pk) / checked.FOLDER / known["path"]
    name = f"{Path(known['file']).stem} (marked).xlsx"
    return FileResponse(path.open("rb"), as_attachment=True, filename=name, content_type=uploading.XLSX)


def plan(request: PageRequest, number: int) -> HttpResponse:
    """Plan what an upload says."""
    upload, _ = read(number)
    day = uploading.day_of(request.POST.get("as_of", ""))
    work = works.start(works.PLAN, request.user.name, {"as_of": day}, upload)
    deeds.note(request.user.name, "planned", ", ".join(one["name"] for one in upload.files))
    return redirect("work", number=work.pk)


def template(_request: PageRequest) -> HttpResponse:
    """An empty workbook with the columns that are read."""
    path = uploading.scratch("clients-template.xlsx")
    write_template(path, workspace.open_mappings(site().config()).general)
    try:
        answer = HttpResponse(path.read_bytes(), content_type=uploading.XLSX)
    finally:
        uploading.drop(path)
    answer["Content-Disposition"] = 'attachment; filename="clients-template.xlsx"'
    return answer


def _checked(number: int) -> tuple[Upload, Work | None]:
    upload = get_object_or_404(Upload, pk=number)
    return upload, upload.works.filter(kind=works.CHECK).first()


def read(number: int) -> tuple[Upload, dict[str, Any]]:
    """An upload that has been read, and what was found.

    Raises:
        Http404: there is none, or its files are gone.
    """
    upload, check = _checked(number)
    if check is None or check.state != works.DONE or check.found is None or not site().uploads(upload.pk).is_dir():
        raise Http404(number)
    return upload, check.found


def read_sheet(number: int, sheet: int) -> tuple[Upload, dict[str, Any]]:
    """A sheet of an upload that has been read: what `checked.keep_check` tells of it.

    Raises:
        Http404: there is none, or the upload's files are gone.
    """
    upload, found = read(number)
    known = next((one for one in found["sheets"] if one["number"] == sheet), None)
    if known is None:
        raise Http404(sheet)
    return upload, known
