"""A set of questions as the text of its file."""

from __future__ import annotations

import yaml

from questions.definition import QuestionSet


def question_set_text(questions: QuestionSet) -> str:
    """Return YAML that `parse_question_set` reads back; what is usual is left out."""
    values = questions.model_dump(mode="json", exclude_defaults=True)
    text: str = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=96)
    return text
