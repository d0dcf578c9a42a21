"""Every page of the product, and who may ask for it: the whole table, tested address by address and role by role."""

from connector.web.pages import Page
from connector.web.rights import Right
from connector.web.views import (
    clients,
    deeds,
    documents,
    failing,
    making,
    overview,
    partners,
    people,
    proposal_files,
    proposal_money,
    proposals,
    rules,
    runs,
    signing,
    uploads,
    works,
)

_GET, _POST, _BOTH = ("GET",), ("POST",), ("GET", "POST")
RUN, UPLOAD, WORK = "runs/<str:run_id>/", "uploads/<int:number>/", "works/<int:number>/"
MADE = "made-clients/<int:number>/"
PROPOSAL = "rules/proposals/<int:number>/"

PAGES: tuple[Page, ...] = (
    Page("health/", "health", overview.health, None),
    Page("sign-in/", "sign-in", signing.sign_in, None, _BOTH),
    Page("sign-out/", "sign-out", signing.sign_out, None, _POST),
    Page("join/", "join", signing.join, None, _BOTH),
    Page("", "home", overview.home, None),
    Page("overview/", "overview", overview.overview, Right.SEE),
    Page("uploads/", "uploads", uploads.listing, Right.UPLOAD, _BOTH),
    Page(UPLOAD, "upload", uploads.one, Right.UPLOAD),
    Page(f"{UPLOAD}faults/", "upload-faults", uploads.faults, Right.UPLOAD),
    Page(f"{UPLOAD}grid/<int:sheet>/", "upload-grid", uploads.grid, Right.UPLOAD),
    Page(f"{UPLOAD}marked/<int:file>/", "upload-marked", uploads.marked, Right.UPLOAD),
    Page(f"{UPLOAD}plan/", "upload-plan", uploads.plan, Right.UPLOAD, _POST),
    Page("template/", "upload-template", uploads.template, Right.UPLOAD),
    Page(WORK, "work", works.one, Right.SEE),
    Page("runs/", "runs", runs.listing, Right.SEE),
    Page("runs/terms/", "runs-terms", runs.plan_terms, Right.UPLOAD, _POST),
    Page(RUN, "run", runs.one, Right.SEE),
    Page(f"{RUN}table/<slug:name>/", "run-table", runs.table, Right.SEE),
    Page(f"{RUN}tie-out/", "run-tie-out", runs.tied, Right.SEE),
    Page(f"{RUN}xlsx/", "run-xlsx", runs.xlsx, Right.SEE),
    Page(f"{RUN}line/<str:charge_id>/", "run-line", runs.line, Right.SEE),
    Page(f"{RUN}hold/", "run-hold", runs.hold, Right.HOLD, _POST),
    Page(f"{RUN}release/", "run-release", runs.release, Right.HOLD, _POST),
    Page(f"{RUN}comment/", "run-comment", runs.comment, Right.SEE, _POST),
    Page(f"{RUN}approve/", "run-approve", runs.approve, Right.APPROVE, _POST),
    Page(f"{RUN}push/", "run-push", runs.push, Right.OPERATE, _POST),
    Page("documents/", "documents", documents.listing, Right.SEE),
    Page("documents/<str:number>/", "document", documents.one, Right.SEE),
    Page("clients/", "clients", clients.listing, Right.CLIENTS),
    Page("clients/new/", "clients-new", making.new, Right.MAKE_CLIENTS, _BOTH),
    Page("made-clients/", "clients-made", making.listing, Right.CLIENTS),
    Page("made-clients/plan/", "clients-plan", making.plan, Right.UPLOAD, _POST),
    Page(MADE, "client-made", making.one, Right.CLIENTS),
    Page(f"{MADE}upgrade/", "client-upgrade", making.upgrade, Right.MAKE_CLIENTS, _BOTH),
    Page(f"{MADE}users/", "client-users", making.users, Right.MAKE_CLIENTS, _POST),
    Page(f"{MADE}archive/", "client-archive", making.archive, Right.MAKE_CLIENTS, _POST),
    Page("clients/<str:client_id>/", "client", clients.one, Right.CLIENTS),
    Page("partners/", "partners", partners.listing, Right.CLIENTS),
    Page("partners/<path:partner_id>/", "partner", partners.one, Right.CLIENTS),
    Page("partner-documents/<path:partner_id>/", "partner-documents", partners.documents, Right.CLIENTS),
    Page("partner-document/<str:number>/", "partner-document", partners.document, Right.CLIENTS),
    Page("needs-you/", "exceptions", overview.exceptions, Right.SEE),
    Page("rules/", "rules", rules.listing, Right.SEE),
    Page("rules/files/<path:name>/", "rules-file", rules.file, Right.SEE),
    Page("rules/proposals/", "rules-proposals", proposals.listing, Right.SEE),
    Page("rules/proposals/begin/", "rules-begin", proposals.begin, Right.RULES, _POST),
    Page(PROPOSAL, "rules-proposal", proposals.one, Right.SEE),
    Page(f"{PROPOSAL}meaning/", "rules-meaning", proposals.meaning, Right.SEE),
    Page(f"{PROPOSAL}files/<path:name>/", "rules-edit", proposal_files.edit, Right.RULES, _BOTH),
    Page(f"{PROPOSAL}check/<path:name>/", "rules-check", proposal_files.check, Right.RULES, _POST),
    Page(f"{PROPOSAL}add/", "rules-add", proposal_files.add, Right.RULES, _POST),
    Page(f"{PROPOSAL}remove/", "rules-remove", proposal_files.remove, Right.RULES, _POST),
    Page(f"{PROPOSAL}simulate/", "rules-simulate", proposal_money.simulate, Right.RULES, _POST),
    Page(f"{PROPOSAL}money/", "rules-money", proposal_money.money, Right.SEE),
    Page(f"{PROPOSAL}xlsx/", "rules-xlsx", proposal_money.xlsx, Right.SEE),
    Page(f"{PROPOSAL}propose/", "rules-propose", proposals.propose, Right.RULES, _POST),
    Page(f"{PROPOSAL}take-back/", "rules-take-back", proposals.take_back, Right.RULES, _POST),
    Page(f"{PROPOSAL}withdraw/", "rules-withdraw", proposals.withdraw, Right.RULES, _POST),
    Page(f"{PROPOSAL}take-over/", "rules-take-over", proposals.take_over, Right.RULES, _POST),
    Page(f"{PROPOSAL}review/", "rules-review", proposals.review, Right.APPROVE, _POST),
    Page(f"{PROPOSAL}activate/", "rules-activate", proposals.activate, Right.RULES, _POST),
    Page("people/", "people", people.listing, Right.PEOPLE, _BOTH),
    Page("people/<int:number>/", "people-change", people.change, Right.PEOPLE, _POST),
    Page("changes/", "deeds", deeds.listing, Right.PEOPLE),
)

urlpatterns = [page.pattern() for page in PAGES]
handler400 = failing.bad
handler404 = failing.missing
handler500 = failing.defect
