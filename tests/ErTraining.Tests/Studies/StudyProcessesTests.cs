using ErLoss.SelfSupervised.IO;

namespace ErTraining.Tests.Studies;

/// <summary>Processes that begin, end and sleep while they share a study.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class StudyProcessesTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public async Task A_process_with_another_study_is_refused_once_one_at_work_shows_a_sign_of_life()
    {
        StudyNode here = await Join("b"), other = New("b");
        Assert.That(() => other.Processes.JoinAsync("another study", _ => { }, default), Throws.TypeOf<DataException>().With.Message.Contains("wait until it is over"), "of this machine, at once");
        Assert.That(Directory.GetFiles(_folder["claims"]), Has.Length.EqualTo(1));
        here.Dispose();

        using StudyNode far = await Join("far");
        Assert.That(() => other.Processes.JoinAsync("another study", _ => far.Processes.Beat(), default), Throws.TypeOf<DataException>().With.Message.Contains("a process on far is at work"));
        string asked = "";
        await other.Processes.JoinAsync("another study", host =>
        {
            asked = host;
            far.Processes.Dispose();
        }, default);
        Assert.That(asked, Is.EqualTo("far"));
        other.Dispose();
    }

    [Test]
    public async Task Processes_that_begin_at_once_are_of_one_session()
    {
        StudyNode[] nodes = [.. Enumerable.Range(0, 4).Select(node => New($"node{node}"))];
        await Task.WhenAll(nodes.Select(node => Task.Run(() => node.JoinAsync())));
        Assert.That(nodes.Select(node => node.Processes.Session).Distinct().Count(), Is.EqualTo(1));
        Array.ForEach(nodes, node => node.Dispose());
    }

    [Test]
    public async Task A_process_that_slept_while_others_began_is_of_their_session_so_that_more_can_join()
    {
        using StudyNode a = await Join("a");
        File.Delete(Directory.GetFiles(_folder["claims"]).Single()); // as another one does that takes it to be over
        using StudyNode b = await Join("b");
        bool areApart = a.Processes.Session != b.Processes.Session;
        a.Processes.Beat();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        using StudyNode c = New("c");
        await c.Processes.JoinAsync(StudyNode.Study, _ => { }, patience.Token);
        Assert.Multiple(() =>
        {
            Assert.That(areApart);
            Assert.That(new[] { a, b, c }.Select(node => node.Processes.Session), Is.All.EqualTo(b.Processes.Session));
        });
    }

    private StudyNode New(string host) => new(_folder["claims"], host);

    private Task<StudyNode> Join(string host) => New(host).JoinAsync();
}
