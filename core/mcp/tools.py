"""The tools, one a row: what each is called, says of itself, takes, answers, needs, and does with an agent's memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from core.access import Permission
from core.agents import AgentMemory, Where
from core.mcp import answering as made
from core.mcp import answers, arguments
from core.mcp.shown import fenced, line
from core.scope import Scope

__all__ = ["TOOLS", "Tool", "tools_for"]


@dataclass(frozen=True)
class Tool:
    """A tool: `run` answers for its arguments, `say` is the answer as text; none overwrites or removes a memory."""

    name: str
    title: str
    description: str
    takes: type[arguments.Arguments]
    gives: type[answers.Answer]
    needs: Permission
    run: Callable[[AgentMemory, Any], answers.Answer]
    say: Callable[[Any], str]
    idempotent: bool = False

    @property
    def read_only(self) -> bool:
        """Whether it changes no memory; recalls are logged all the same."""
        return self.needs is Permission.READ


def tools_for(agent: AgentMemory) -> dict[str, Tool]:
    """Return the tools that an agent may use, by name."""
    info = agent.places.own.info
    return {tool.name: tool for tool in TOOLS if agent.actor.may(tool.needs, tenant=info.tenant, known=info.tags_known)}


def _remember(agent: AgentMemory, given: arguments.Remember) -> answers.Answer:
    found = agent.remember(
        given.text,
        kind=given.kind,
        task=given.task,
        confidence=given.confidence,
        tags=given.tags,
        source=given.source,
        ttl=None if given.ttl_hours is None else timedelta(hours=given.ttl_hours),
        derived_from=given.derived_from,
        shared=given.shared,
    )
    return made.remember_answer(found, given=given.text)


def _recall(agent: AgentMemory, given: arguments.Recall) -> answers.Answer:
    scope = Scope(
        tasks=(given.task,) if given.task else (),
        types=(given.kind,) if given.kind else (),
        tags=(given.tag,) if given.tag else (),
    )
    return made.recall_answer(agent.recall(given.query, k=given.k, where=Where(given.where), scope=scope))


def _context(agent: AgentMemory, given: arguments.AskContext) -> answers.Answer:
    scope = Scope(tasks=(given.task,)) if given.task else Scope()
    block = agent.context(given.query, budget_tokens=given.budget_tokens, where=Where(given.where), scope=scope)
    return made.context_answer(block)


def _resume(agent: AgentMemory, given: arguments.Resume) -> answers.Answer:
    found = agent.resume(given.task, about=given.about, budget_tokens=given.budget_tokens, where=Where(given.where))
    return made.resume_answer(found)


def _report(agent: AgentMemory, given: arguments.ReportConflict) -> answers.Answer:
    return made.report_answer(agent.report_conflict(given.key, given.other_key, why=given.why, shared=given.shared))


def _board(agent: AgentMemory, given: arguments.Task) -> answers.Answer:
    return made.board_answer(agent.task(given.task, shared=given.shared).board())


def _add(agent: AgentMemory, given: arguments.AddSubtasks) -> answers.Answer:
    return made.board_answer(agent.task(given.task, shared=given.shared).add(*given.subtasks))


def _claim(agent: AgentMemory, given: arguments.ClaimSubtask) -> answers.Answer:
    task, lease = agent.task(given.task, shared=given.shared), timedelta(minutes=given.lease_minutes)
    claim = task.claim_next(lease=lease) if given.subtask is None else task.claim(given.subtask, lease=lease)
    return made.claim_answer(given.subtask, None) if claim is None else made.claim_answer(claim.subtask, claim.until)


def _tell(agent: AgentMemory, given: arguments.ReportSubtask) -> answers.Answer:
    task = agent.task(given.task, shared=given.shared)
    match given.status:
        case "progress":
            part = task.progress(given.subtask, given.note, share=given.share)
        case "blocked":
            part = task.block(given.subtask, given.note)
        case "done":
            part = task.finish(given.subtask, given.note)
        case "failed":
            part = task.fail(given.subtask, given.note)
        case "released":
            part = task.release(given.subtask, given.note)
    return made.subtask_answer(part)


def _find(agent: AgentMemory, given: arguments.AskProcedures) -> answers.Answer:
    return made.procedures_answer(agent.procedures(shared=given.shared).best(given.query, k=given.k))


def _store(agent: AgentMemory, given: arguments.StoreProcedure) -> answers.Answer:
    procedures = agent.procedures(shared=given.shared)
    about: dict[str, Any] = {"when": given.when, "preconditions": given.preconditions, "why": given.why}
    if given.based_on is None:
        return made.procedure_answer(procedures.store(given.name, given.steps, **about))
    kept = {name: value for name, value in about.items() if value or name == "why"}  # what is not given is as it was there
    return made.procedure_answer(procedures.revise(given.name, given.steps, based_on=given.based_on, **kept))


def _record(agent: AgentMemory, given: arguments.RecordProcedure) -> answers.Answer:
    procedures = agent.procedures(shared=given.shared)
    return made.procedure_answer(procedures.record(given.name, given.version, success=given.success, note=given.note))


def _values(answer: answers.Answer) -> dict[str, Any]:
    return answer.model_dump(mode="json", exclude={"notice"})


def _said(summary: Callable[[Any], str]) -> Callable[[Any], str]:
    return lambda answer: fenced(summary(answer), _values(answer))


def _written(answer: answers.RememberAnswer) -> str:
    what = "Kept in quarantine: no recall brings it before a person releases it." if answer.quarantined else "Written."
    return f"{what} Possible conflicts: {len(answer.conflicts)}."


def _claimed(answer: answers.ClaimAnswer) -> str:
    return "The part is yours." if answer.claimed else "Not claimed: another agent has it, or nothing is open."


def _block(answer: answers.ContextAnswer | answers.ResumeAnswer) -> str:
    return answer.block or "Nothing that fits into the budget is known."


_READ, _WRITE = Permission.READ, Permission.WRITE

TOOLS: Final = (
    Tool("remember", "Remember", "Write one memory. Says which memories it may contradict; these wait for a person.",
         arguments.Remember, answers.RememberAnswer, _WRITE, _remember, _said(_written)),
    Tool("recall", "Recall", "Search the memory by meaning and words; the best come first, with their keys and scores.",
         arguments.Recall, answers.RecallAnswer, _READ, _recall,
         _said(lambda answer: f"{len(answer.memories)} of {answer.considered} memories considered.")),
    Tool("context", "Context for a question", "What the memory knows of a question, as one block within a budget of tokens.",
         arguments.AskContext, answers.ContextAnswer, _READ, _context, _block),
    Tool("resume", "Resume a task", "Where a task stands: its parts, conflicts, one's last session, what is known.",
         arguments.Resume, answers.ResumeAnswer, _READ, _resume, _block),
    Tool("report_conflict", "Report a conflict",
         "Report that two memories contradict each other, by their keys. A person decides; the memories stay as they are.",
         arguments.ReportConflict, answers.ReportAnswer, _WRITE, _report,
         _said(lambda answer: "In the inbox." if answer.is_new else "It was reported or found before."), idempotent=True),
    Tool("task_board", "Show a task", "The parts of a shared task with their status, who has them and until when.",
         arguments.Task, answers.BoardAnswer, _READ, _board, _said(lambda answer: f"Parts: {len(answer.subtasks)}.")),
    Tool("task_add", "Name parts of a task", "Name parts of a shared task, in order. Those that are known stay as they are.",
         arguments.AddSubtasks, answers.BoardAnswer, _WRITE, _add,
         _said(lambda answer: f"Parts: {len(answer.subtasks)}."), idempotent=True),
    Tool("task_claim", "Claim a part of a task",
         "Claim a part so that no other agent starts it. The claim ends with its lease; reporting progress renews it.",
         arguments.ClaimSubtask, answers.ClaimAnswer, _WRITE, _claim, _said(_claimed)),
    Tool("task_report", "Report on a part of a task", "Say how a part that one has claimed goes, or give it back.",
         arguments.ReportSubtask, answers.SubtaskAnswer, _WRITE, _tell,
         _said(lambda answer: f"It is {line(answer.subtask.status)} now.")),
    Tool("procedure_find", "Find a procedure", "The best procedures for a task in words, by relevance and how they went.",
         arguments.AskProcedures, answers.ProceduresAnswer, _READ, _find,
         _said(lambda answer: f"Procedures: {len(answer.procedures)}.")),
    Tool("procedure_store", "Store a procedure", "Store the steps of a workflow, as a new version under a known name.",
         arguments.StoreProcedure, answers.VersionAnswer, _WRITE, _store,
         _said(lambda answer: f"Stored as version {answer.procedure.version}."), idempotent=True),
    Tool("procedure_record", "Record how a procedure went", "Count that a version of a procedure worked, or did not.",
         arguments.RecordProcedure, answers.VersionAnswer, _WRITE, _record,
         _said(lambda answer: f"{answer.procedure.successes} worked, {answer.procedure.failures} did not.")),
)  # fmt: skip
