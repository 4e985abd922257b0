namespace ErLoss.Benchmarks;

/// <summary>Measures cases in turns: every round takes one sample of each, while the ranks of the others wait.</summary>
internal sealed class ScalingRun : IDisposable
{
    private const double SampleSeconds = 0.7;
    private const int MostRepetitions = 1000;

    // .NET compiles a method anew, in another thread, after thirty calls. Few images are enough for that.
    private const int CompilingRepetitions = 40, FewImages = 32;

    private static readonly TimeSpan s_compilingTime = TimeSpan.FromSeconds(0.5);

    private readonly MpiStarter _launcher;
    private readonly ScalingSubject _subject;
    private readonly Dictionary<RankLayout, MpiJob> _jobs = [];
    private readonly HashSet<(RankLayout, ScalingWork)> _compiled = [];

    public ScalingRun(MpiStarter launcher, ScalingSubject subject)
    {
        (_launcher, _subject) = (launcher, subject);
    }

    /// <summary>Measures cases.</summary>
    /// <param name="cases">Those of one kind of work.</param>
    /// <param name="rounds">Samples of each.</param>
    /// <param name="withMemory">Whether to measure peak memory as well, in processes of its own.</param>
    public IReadOnlyList<ScalingRow> Measure(IReadOnlyList<ScalingCase> cases, int rounds, bool withMemory)
    {
        // A case of both kinds is measured once.
        (ScalingWork, RankLayout, int)[] keys = [.. cases.Select(Key).Distinct()];
        var samples = keys.ToDictionary(key => key, _ => new List<ScalingSample>());
        var repetitions = keys.ToDictionary(key => key, WarmUp);
        for (int round = 0; round < rounds; round++)
        {
            foreach (var key in keys)
            {
                samples[key].Add(Take(key, repetitions[key]));
            }
        }
        var peaks = withMemory ? keys.ToDictionary(key => key, PeakBytes) : null;
        return
        [
            .. from at in cases
               let oneRank = cases.FirstOrDefault(other => other.Kind == at.Kind && other.Layout == new RankLayout(1, at.Layout.Threads))
               select ScalingRow.Of(
                   at,
                   samples[Key(at)],
                   at.Layout.Ranks == 1 ? null : samples[Key(at.OneProcess)],
                   oneRank is null || oneRank == at ? null : samples[Key(oneRank)],
                   oneRank?.Rows ?? 0,
                   peaks?[Key(at)]),
        ];

        static (ScalingWork, RankLayout, int) Key(ScalingCase at) => (at.Work, at.Layout, at.Rows);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (MpiJob job in _jobs.Values)
        {
            job.Dispose();
        }
    }

    private MpiJob JobOf(RankLayout layout)
    {
        if (!_jobs.TryGetValue(layout, out MpiJob? job))
        {
            _jobs[layout] = job = MpiJob.Start(_launcher, layout, _subject.Options);
        }
        return job;
    }

    /// <summary>Runs a case until it runs as it will, and finds how often a sample repeats it.</summary>
    private int WarmUp((ScalingWork Work, RankLayout Layout, int Rows) key)
    {
        MpiJob job = JobOf(key.Layout);
        if (_compiled.Add((key.Layout, key.Work)))
        {
            int rows = key.Work == ScalingWork.Step ? Math.Min(key.Rows, FewImages * key.Layout.Ranks) : key.Rows;
            for (int i = 0; i < 2; i++)
            {
                job.Do(new ScalingOrder(key.Work, rows, CompilingRepetitions, false));
                Thread.Sleep(s_compilingTime);
            }
        }
        job.Do(new ScalingOrder(key.Work, key.Rows, 2, false));
        double seconds = job.Do(new ScalingOrder(key.Work, key.Rows, 3, false)).Max(reply => reply.Seconds);
        return (int)Math.Clamp(Math.Ceiling(SampleSeconds / seconds), 2, MostRepetitions);
    }

    private ScalingSample Take((ScalingWork Work, RankLayout Layout, int Rows) key, int repetitions)
    {
        MpiJob job = JobOf(key.Layout);
        ScalingReply[] replies = job.Do(new ScalingOrder(key.Work, key.Rows, repetitions, false));
        ScalingReply[] met = key.Layout.Ranks == 1 ? [] : job.Do(new ScalingOrder(key.Work, key.Rows, repetitions, true));
        return ScalingSample.Of(replies, met, repetitions);
    }

    private long PeakBytes((ScalingWork Work, RankLayout Layout, int Rows) key)
    {
        using MpiJob job = MpiJob.Start(_launcher, key.Layout, _subject.Options);
        return job.Do(new ScalingOrder(ScalingWork.Memory, key.Rows, 1, false)).Max(reply => reply.PeakBytes);
    }
}
