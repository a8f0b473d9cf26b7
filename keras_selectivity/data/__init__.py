"""What users pass as data: batches in every form, class labels among targets."""
