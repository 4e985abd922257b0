using ErLoss.Training.Studies;

namespace ErTraining.Tests.Studies;

/// <summary>Claims of processes of several machines, each with a clock of its own.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class CellClaimsTests : IDisposable
{
    private const string Cell = "byol-er-b64-ema0.9-s0";

    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task A_claim_is_taken_over_after_a_silence_of_its_process_that_another_one_has_watched()
    {
        using StudyNode a = await Join("a"), b = await Join("b");
        CellClaim first = a.Take(Cell)!;
        b.Clock.Now += TimeSpan.FromHours(1);
        Assert.That(b.Look(Cell), Is.EqualTo(CellStanding.Elsewhere("a")), "whatever the time before it first looked");
        for (int second = 10; second <= 600; second += 10)
        {
            a.Processes.Beat();
            b.Clock.Now += TimeSpan.FromSeconds(10);
            Assert.That(b.Look(Cell), Is.EqualTo(CellStanding.Elsewhere("a")), "it shows that it is at work");
        }
        for (int second = 10; second <= 120; second += 10)
        {
            b.Clock.Now += TimeSpan.FromSeconds(10);
            Assert.That(b.Look(Cell), Is.EqualTo(CellStanding.Elsewhere("a")), $"{second} s");
        }
        b.Clock.Now += TimeSpan.FromSeconds(10);
        CellStanding standing = b.Look(Cell);
        CellClaim? second2 = b.Claims.TryTake(Cell);
        Assert.Multiple(() =>
        {
            Assert.That(first, Is.EqualTo(new CellClaim(Cell, 1)));
            Assert.That(standing, Is.EqualTo(CellStanding.Free));
            Assert.That(second2, Is.EqualTo(new CellClaim(Cell, 2)));
        });
    }

    [Test]
    public async Task A_process_that_slept_itself_gives_the_others_time_to_show_that_they_are_at_work()
    {
        using StudyNode a = await Join("a"), b = await Join("b");
        a.Take(Cell);
        b.Look(Cell);
        b.Clock.Now += TimeSpan.FromHours(8);
        Assert.That(b.Look(Cell).IsFree, Is.False);
        a.Processes.Beat();
        b.Clock.Now += TimeSpan.FromHours(8);
        Assert.That(b.Look(Cell).IsFree, Is.False);
    }

    [TestCase(int.MaxValue, "1", true, Description = "There is no such process.")]
    [TestCase(0, "1", true, Description = "Its number is now another process's.")]
    [TestCase(0, null, false, Description = "It is this process, which runs the test.")]
    public async Task A_claim_of_a_process_of_this_machine_is_free_as_soon_as_that_is_over(int number, string? started, bool isOver)
    {
        ProcessIdentity here = ProcessIdentity.Current;
        using StudyNode a = await Join(here with { Number = number == 0 ? here.Number : number, Started = started ?? here.Started }), b = await Join("b");
        a.Take(Cell);
        Assert.That(b.Look(Cell).IsFree, Is.EqualTo(isOver));
    }

    [Test]
    public async Task A_claim_of_a_process_that_ended_in_order_is_free_at_once()
    {
        using StudyNode a = await Join("a"), b = await Join("b");
        a.Take(Cell);
        bool isFreeBefore = b.Look(Cell).IsFree;
        a.Processes.Dispose();
        Assert.Multiple(() =>
        {
            Assert.That(isFreeBefore, Is.False);
            Assert.That(b.Look(Cell), Is.EqualTo(CellStanding.Free));
        });
    }

    [Test]
    public async Task Of_processes_that_claim_cells_at_once_one_gets_each()
    {
        string[] cells = [.. Enumerable.Range(0, 100).Select(cell => $"cell-{cell}")];
        StudyNode[] nodes = [await Join("a"), await Join("b"), await Join("c")];
        Array.ForEach(nodes, node => node.Look(Cell)); // all are free
        int[] taken = new int[nodes.Length];
        Parallel.For(0, nodes.Length, node => taken[node] = cells.Count(cell => nodes[node].Claims.TryTake(cell) is not null));
        Assert.That(taken.Sum(), Is.EqualTo(cells.Length));
        Assert.That(cells.Select(cell => nodes.Count(node => node.Look(cell).Host == node.Host)), Is.All.Zero, "what one has is not another's");
        Array.ForEach(nodes, node => node.Dispose());
    }

    [Test]
    public async Task A_process_that_was_taken_to_be_over_notices_before_it_gives_a_cell_a_result()
    {
        using StudyNode a = await Join("a"), b = await Join("b");
        CellClaim slept = a.Take(Cell)!, ended = a.Take("other")!;
        b.Look(Cell);
        Assert.That(a.Claims.TryEnd(ended, null), "b does not know of it yet");
        while (!b.Look(Cell).IsFree)
        {
            b.Clock.Now += TimeSpan.FromSeconds(20);
        }
        CellClaim taken = b.Claims.TryTake(Cell)!;
        a.Processes.Beat();
        a.Look(Cell);
        Assert.Multiple(() =>
        {
            Assert.That(a.Claims.IsLost(slept));
            Assert.That(a.Claims.TryEnd(slept, null), Is.False);
            Assert.That(b.Claims.IsLost(taken), Is.False);
            Assert.That(b.Claims.TryEnd(taken, null));
            Assert.That(a.Look(Cell), Is.EqualTo(CellStanding.Elsewhere("b")), "until its folder has its lasting name");
            Assert.That(b.Look("other"), Is.EqualTo(CellStanding.Elsewhere("a")), "a is one of them again");
        });
    }

    [Test]
    public async Task A_process_that_ends_a_cell_before_it_is_taken_over_keeps_it()
    {
        using StudyNode a = await Join("a"), b = await Join("b");
        CellClaim claim = a.Take(Cell)!;
        while (!b.Look(Cell).IsFree)
        {
            b.Clock.Now += TimeSpan.FromSeconds(20);
        }
        Assert.Multiple(() =>
        {
            Assert.That(a.Claims.TryEnd(claim, null));
            Assert.That(b.Claims.TryTake(Cell), Is.Null, "though it was free when b looked");
            Assert.That(a.Claims.IsLost(claim with { Number = 2 }), Is.False);
        });
    }

    [Test]
    public async Task A_failed_cell_is_tried_again_only_by_those_that_begin_when_all_others_are_over()
    {
        StudyNode a = await Join("a"), b = await Join("b");
        a.Claims.TryEnd(a.Take(Cell)!, "Training diverged.");
        CellStanding atOnce = b.Look(Cell);
        a.Dispose();
        CellStanding afterwards = b.Look(Cell);
        using StudyNode c = await Join("c");
        CellStanding seenByNext = c.Look(Cell);
        b.Dispose();
        c.Dispose();
        using StudyNode later = await Join("a");
        Assert.Multiple(() =>
        {
            Assert.That(new[] { atOnce, afterwards, seenByNext }, Is.All.EqualTo(CellStanding.Failed("Training diverged.")));
            Assert.That(later.Look(Cell), Is.EqualTo(CellStanding.Free));
        });
    }

    [Test]
    public async Task A_claim_whose_process_died_while_it_wrote_it_is_taken_over_too()
    {
        using StudyNode a = await Join("a");
        File.WriteAllText(_folder[$"claims/{Cell}.3.claim"], "{ \"proc");
        Assert.That(a.Look(Cell), Is.EqualTo(CellStanding.Elsewhere(null)));
        while (!a.Look(Cell).IsFree)
        {
            a.Clock.Now += TimeSpan.FromSeconds(20);
        }
        Assert.That(a.Claims.TryTake(Cell)?.Number, Is.EqualTo(4));
    }

    [Test]
    public async Task The_last_process_deletes_the_claims_on_cells_that_are_over()
    {
        StudyNode a = await Join("a"), b = await Join("b");
        a.Claims.TryEnd(a.Take(Cell)!, null);
        a.Take("interrupted");
        a.Dispose();
        a.Claims.Delete([Cell]);
        int whileAnotherWorks = Directory.GetFiles(_folder["claims"]).Length;
        b.Dispose();
        b.Claims.Delete([Cell]);
        Assert.Multiple(() =>
        {
            Assert.That(whileAnotherWorks, Is.EqualTo(4), "three claims, one process");
            Assert.That(Directory.GetFiles(_folder["claims"]).Select(Path.GetFileName), Is.EqualTo((string[])["interrupted.1.claim"]));
        });
        b.Claims.Delete(["interrupted"]);
        Assert.That(Directory.Exists(_folder["claims"]), Is.False);
    }

    private Task<StudyNode> Join(string host) => new StudyNode(_folder["claims"], host).JoinAsync();

    private Task<StudyNode> Join(ProcessIdentity process) => new StudyNode(_folder["claims"], process).JoinAsync();
}
