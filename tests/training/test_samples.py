from search.rows import TrainingData
from search.training.contract import Ending, Sample, failed
from search.training.dispatch import Workers
from search.training.jobs import SAMPLE_EPOCHS, plan_jobs, plan_samples
from spaces import SHALLOW
from tests.training.reference import varied

SMALL = SHALLOW.replace(width=8, batch_size=16, epochs=30)
NORMALIZED = SMALL.replace(normalization="batch")


def test_there_is_a_short_job_for_every_program(data: TrainingData) -> None:
    steps = varied(SMALL, 60), [*varied(NORMALIZED, 3), *varied(SMALL, 60)]
    jobs, epochs = plan_samples(steps, data)
    programs = [job.program for job in jobs]
    assert len(set(programs)) == len(programs)
    assert set(programs) == {job.program for step in steps for job in plan_jobs(step, data)}
    for job in jobs:
        assert job.plan is not None
        assert job.plan.members == list(job.members)
        assert len(job.plan.indices) == job.plan.groups
        assert {member.recipe.epochs for member in job.members.values()} == {SAMPLE_EPOCHS}
    totals = [sum(each) for each in zip(*epochs, strict=True)]
    assert totals == [30 * len(step) for step in steps]


def test_members_of_all_steps_have_indices_of_their_own(data: TrainingData) -> None:
    steps = varied(SMALL, 3), varied(NORMALIZED, 2)
    jobs, _ = plan_samples(steps, data)
    members = [*steps[0], *steps[1]]
    for job in jobs:
        for index, member in job.members.items():
            assert member.seeds is members[index].seeds
            assert member.recipe.normalization == members[index].recipe.normalization


def test_an_epoch_is_timed_apart_from_compiling(workers: Workers, data: TrainingData) -> None:
    found = workers.sample([varied(SMALL.replace(width=11), 3)], data)
    (sample,) = found
    assert sample.member_epochs == (90,)
    assert 0 < sample.seconds < sample.compile_seconds
    assert sample.problem is None


def test_what_cannot_be_trained_is_told() -> None:
    result = failed(MemoryError("no room"))
    assert result.curve.ending is Ending.FAILED
    assert Sample.of([result, result], (6,)) == Sample((6,), 0.0, 0.0, "MemoryError: no room")
