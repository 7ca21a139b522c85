"""The pipeline as plain functions, one module per arrow; nothing here imports Prefect."""
