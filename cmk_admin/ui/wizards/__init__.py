"""The wizards: one question a page, and the plan last. Drafts and problems are the domain's; here they are drawn."""
