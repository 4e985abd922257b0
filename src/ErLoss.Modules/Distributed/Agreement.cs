using static TorchSharp.torch;

namespace ErLoss.Modules.Distributed;

/// <summary>
/// What the ranks of a group tell each other before they exchange rows: the shape and form of their inputs, and the settings. Without it, ranks that differ would wait for each other without end, or
/// compute something else.
/// </summary>
internal sealed class Agreement
{
    // Of the numbers that a rank sends: whether its inputs are refused, its number of rows, and what is compared. All ranks send equally many, even if their inputs are of different forms.
    private const int Length = 40;

    // Two values of κ count as equal if they differ by less, relative to the first. Processors of different kinds round the last digits of an exponential or a cosine differently, and with them a κ that
    // is learnt or follows a schedule.
    private const double KappaTolerance = 1e-9;

    private readonly List<(string What, long Value, Func<long, string>? Text)> _compared = [];
    private readonly List<int> _kappas = []; // places in that list

    private Agreement()
    {
    }

    /// <summary>This rank's part of the global batch, and which part that is. Without a group it is all.</summary>
    /// <param name="views">As <see cref="ViewArguments"/> wants them.</param>
    /// <param name="options">Of the loss.</param>
    /// <param name="kappa">κ of the kernels as it is now; null where the host does not know it.</param>
    /// <param name="reconstructionKappa">The same of the reconstruction.</param>
    /// <param name="wanted">What is to be computed.</param>
    /// <exception cref="InvalidOperationException">Another rank's inputs are refused there.</exception>
    /// <exception cref="ArgumentException">The ranks differ. Every rank gets the same message.</exception>
    public static (ProjectedViews Part, GlobalBatch Batch) PartOf(
        ProjectedViews views, EntropyReconstructionOptions options, double? kappa, double? reconstructionKappa, WantedTerms wanted)
    {
        if (options.Group is not { Size: > 1 } group)
        {
            return (views, GlobalBatch.Of(views.Projections[0].shape[0]));
        }
        var own = new Agreement();
        own.Describe(views);
        own.Describe(options, kappa, reconstructionKappa, wanted);
        long[] numbers = new long[Length];
        numbers[1] = views.Projections[0].shape[0];
        own._compared.Select(item => item.Value).ToArray().CopyTo(numbers, 2);
        long[][] ofRanks = group.AllGatherNumbers(numbers);
        CheckNoneRefused(ofRanks);
        own.EqualizeKappas(ofRanks);
        for (int i = 0; i < own._compared.Count; i++)
        {
            if (RankDifference.Of(own._compared[i].What, ofRanks, i + 2, own._compared[i].Text) is { } difference)
            {
                throw new ArgumentException(difference, nameof(views));
            }
        }
        long[] counts = [.. ofRanks.Select(numbers => numbers[1])];
        CheckRows(counts.Sum(), views, options);
        return (EmptyParts.Fill(views, counts), GlobalBatch.Of(group, EmptyParts.Fill(counts)));
    }

    /// <summary>Reads this rank's inputs, before <see cref="PartOf"/>. If it refuses them, the other ranks are told, which would wait for this one.</summary>
    /// <param name="group">If any.</param>
    /// <param name="read">Gives what was read, or throws what is wrong with it.</param>
    public static T ReadInputs<T>(ProcessGroup? group, Func<T> read)
    {
        try
        {
            return read();
        }
        catch when (group is { Size: > 1 })
        {
            long[] refused = new long[Length];
            refused[0] = 1;
            group!.AllGatherNumbers(refused);
            throw;
        }
    }

    private void Describe(ProjectedViews views)
    {
        Tensor first = views.Projections[0];
        Add("the number of columns", first.shape[1]);
        Add("the dtype", (long)first.dtype, value => $"{(ScalarType)value}");
        Add("the number of projections", views.Projections.Count);
        Add("the number of predictions", views.Predictions?.Count ?? 0);
        Add("the number of targets", views.GivenTargets?.Count ?? 0);
        Add("whether there is one target for all predictions", views.Target is not null);
        Add("whether targets are class numbers", views.GivenTargets is { Count: > 0 } targets && targets[0].dtype == ScalarType.Int64);
        Add("whether there are weights", views.Weights is not null);
        Add("whether there is a mask", views.Mask is not null);
        Add("whether there are ids", views.Ids is not null);
        Add("whether there are labels", views.Labels is not null);
        Add("the sets of further centres", views.Centers.Count);
        Add("the number of further centres", views.Centers.Sum(centers => centers.Rows.shape[0]));
        Add("how many sets of further centres have weights", views.Centers.Count(centers => centers.Weights is not null));
        Add("how many sets of further centres have ids", views.Centers.Count(centers => centers.Ids is not null));
    }

    private void Describe(EntropyReconstructionOptions options, double? kappa, double? reconstructionKappa, WantedTerms wanted)
    {
        Add(nameof(options.Support), (long)options.Support, value => $"{(Support)value}");
        AddKappa("κ", kappa);
        AddKappa("the reconstruction's κ", reconstructionKappa);
        Add(nameof(options.LearnKappa), options.LearnKappa);
        Add(nameof(options.LearnReconstructionKappa), options.LearnReconstructionKappa);
        Add(nameof(options.Estimator), (long)options.Estimator, value => $"{(EntropyEstimator)value}");
        Add(nameof(options.EntropyWeight), options.EntropyWeight);
        Add(nameof(options.ReconstructionWeight), options.ReconstructionWeight);
        Add(nameof(options.LeaveOneOut), options.LeaveOneOut);
        Add(nameof(options.NormalizeInputs), options.NormalizeInputs);
        Add(nameof(options.Normalizer), (long)options.Normalizer, value => $"{(Normalizer)value}");
        Add(nameof(options.Evaluation), (long)options.Evaluation, value => $"{(KernelEvaluation)value}");
        Add(nameof(options.ProductPrecision), (long)options.ProductPrecision, value => $"{(ProductPrecision)value}");
        Add("whether the terms are asked for or the loss alone", wanted.Bound);
    }

    private void Add(string what, long value, Func<long, string>? text = null) => _compared.Add((what, value, text));

    private void Add(string what, bool value) => Add(what, value ? 1 : 0, value => value == 1 ? "yes" : "no");

    private void Add(string what, double value) =>
        Add(what, BitConverter.DoubleToInt64Bits(value), value => FormattableString.Invariant($"{BitConverter.Int64BitsToDouble(value)}"));

    /// <summary>A κ that is learnt on a GPU is not read, so that ranks cannot compare it, unless others have theirs on the CPU.</summary>
    private void AddKappa(string what, double? kappa)
    {
        _kappas.Add(_compared.Count);
        Add(what, BitConverter.DoubleToInt64Bits(kappa ?? -1), value => value == BitConverter.DoubleToInt64Bits(-1) ? "one on a GPU" : FormattableString.Invariant($"{BitConverter.Int64BitsToDouble(value)}"));
    }

    /// <summary>Puts the first rank's κ in the place of those that are as good as equal to it.</summary>
    private void EqualizeKappas(long[][] ofRanks)
    {
        foreach (int place in _kappas.Select(place => place + 2))
        {
            double first = BitConverter.Int64BitsToDouble(ofRanks[0][place]);
            foreach (long[] numbers in ofRanks.Where(numbers => Math.Abs(BitConverter.Int64BitsToDouble(numbers[place]) - first) < KappaTolerance * first))
            {
                numbers[place] = ofRanks[0][place];
            }
        }
    }

    /// <summary>What is wrong with a number of rows is the same on every rank.</summary>
    private static void CheckRows(long rows, ProjectedViews views, EntropyReconstructionOptions options)
    {
        if (rows is < 1 or > Arguments.MostRows)
        {
            throw new ArgumentException($"All ranks together have {rows} rows; from 1 to {Arguments.MostRows} are wanted.", nameof(views));
        }
        if (rows == 1 && options is { LeaveOneOut: true, Support: Support.Sphere } && !views.Centers.Any(centers => centers.Rows.shape[0] > 0))
        {
            throw new ArgumentException("All ranks together have one row; leave-one-out wants at least two, or further centres.", nameof(views));
        }
    }

    private static void CheckNoneRefused(long[][] ofRanks)
    {
        int[] refusing = [.. Enumerable.Range(0, ofRanks.Length).Where(rank => ofRanks[rank][0] != 0)];
        if (refusing.Length > 0)
        {
            throw new InvalidOperationException($"The inputs of {RankDifference.Names(refusing)} are refused; the exception there says why.");
        }
    }
}
