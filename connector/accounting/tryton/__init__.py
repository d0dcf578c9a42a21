"""Tryton: drafts are created, compared and posted; a document's own number travels as the reference of the invoice."""
