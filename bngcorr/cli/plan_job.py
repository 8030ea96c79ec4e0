"""One import from a sound file to plans in force: claim, compare, write beside, put in force, tidy up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

from bngcorr.cli.plan_screen import DomainReport, Fate
from bngcorr.cli.plan_steps import Steps
from bngcorr.correlator.plan import Change, Difference, DomainPlan
from bngcorr.errors import StoreError
from bngcorr.store.plan import PlanInfo, Plans
from bngcorr.store.plan_claim import Claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a file says, and what is to be done with it."""

    plans: Mapping[str, DomainPlan]  # by domain
    digest: str  # of the file
    domains: Sequence[str]  # those that may change
    absent: Fate  # what becomes of those of them that the file does not name: KEPT or EMPTIED
    dry_run: bool
    force: bool  # also a drastic one

    @property
    def touched(self) -> list[str]:
        """Domains whose plan is to be what the file says."""
        return [name for name in self.domains if name in self.plans or self.absent is Fate.EMPTIED]


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a job."""

    reports: Sequence[DomainReport]
    in_force: bool
    refusals: Sequence[str]
    warnings: Sequence[str]


async def carry_out(job: Job, store: Plans, steps: Steps) -> Done:
    """Raises StoreError; a domain then has the old plan or the new one, never a part, and the text says which."""
    touched = job.touched
    if not touched:
        reports = [await _kept(name, store) for name in job.domains]
        return Done(reports=reports, in_force=False, refusals=["the file has no place that may change"], warnings=[])
    async with nullcontext() if job.dry_run else store.claim(touched) as claim:
        if claim is not None:
            for name in touched:
                await store.tidy(name)
        reports = await _compare(job, store, steps)
        refusals = [
            f"refused: domain {report.domain} would lose {report.difference.counts[Change.REMOVED]} of its"
            f" {report.difference.before} places; if that is meant, give --force"
            for report in reports
            if report.difference.drastic and not job.force
        ]
        if refusals or claim is None:
            return Done(reports=reports, in_force=False, refusals=refusals, warnings=[])
        changed = [report for report in reports if report.fate is not Fate.KEPT]
        infos = await _write(changed, job.digest, store, steps)
        await _put_in_force(infos, store, claim)
        return Done(reports=reports, in_force=True, refusals=[], warnings=await _tidy(touched, store))


async def _kept(domain: str, store: Plans) -> DomainReport:
    info = await store.info(domain)
    difference = Difference()
    difference.counts[Change.UNCHANGED] = info.rows if info is not None else 0
    return DomainReport(domain=domain, fate=Fate.KEPT, difference=difference, plan=DomainPlan())


async def _compare(job: Job, store: Plans, steps: Steps) -> list[DomainReport]:
    reports = []
    touched = job.touched
    with steps.step("comparing", sum(len(job.plans[name]) for name in touched if name in job.plans)) as compared:
        for name in job.domains:
            if name not in touched:
                reports.append(await _kept(name, store))
                continue
            plan = job.plans.get(name, DomainPlan())
            difference = Difference()
            async for before, after in store.beside(name, plan):
                difference.compare(before, after)
                compared(len(after))
            fate = Fate.UNCHANGED if difference.nothing else Fate.REPLACED if name in job.plans else Fate.EMPTIED
            reports.append(DomainReport(domain=name, fate=fate, difference=difference, plan=plan))
    return reports


async def _write(reports: Sequence[DomainReport], digest: str, store: Plans, steps: Steps) -> dict[str, PlanInfo]:
    """All domains' plans beside those in force, so that nothing is put in force unless everything can be."""
    infos: dict[str, PlanInfo] = {}
    replaced = [report for report in reports if report.fate is Fate.REPLACED]
    with steps.step("writing", sum(len(report.plan) for report in replaced)) as written:
        for report in reports:
            if report.fate is Fate.UNCHANGED:
                info = await store.info(report.domain)
                version = info.version if info is not None else ""
            else:
                version = await store.stage(report.domain, report.plan, written)
            now_ms = await store.now_ms(report.domain)
            infos[report.domain] = PlanInfo(version=version, rows=len(report.plan), imported_ms=now_ms, digest=digest)
    return infos


async def _put_in_force(infos: Mapping[str, PlanInfo], store: Plans, claim: Claim) -> None:
    done: list[str] = []
    for domain, info in infos.items():
        try:
            await store.put_in_force(domain, claim, info)
        except StoreError as error:
            rest = ", ".join(name for name in infos if name not in done)
            raise StoreError(f"{error}; in force: {', '.join(done) or 'none'}; not or not surely: {rest}") from None
        done.append(domain)


async def _tidy(domains: Sequence[str], store: Plans) -> list[str]:
    """What could not be removed is no harm: the next import does."""
    warnings = []
    for domain in domains:
        try:
            await store.tidy(domain)
        except StoreError as error:
            warnings.append(f"the old plan of domain {domain} still takes room in the store ({error})")
    return warnings
