using ErLoss.Training.Methods;
using ErLoss.Training.Optimization;

namespace ErLoss.Training.Studies;

/// <summary>
/// What a study trains. For each method and objective there is a reference: the largest batch size, the first EMA coefficient, the first
/// choice of centring. The other variants differ from it in one thing, as in the paper's Table 2, or are all combinations.
/// </summary>
/// <param name="settings">What was asked for.</param>
/// <param name="optimizer">The optimizer of all cells.</param>
/// <param name="registry">The methods there are.</param>
internal sealed class StudyPlan(StudySettings settings, OptimizerSettings optimizer, Registry registry)
{
    /// <summary>What was asked for.</summary>
    public StudySettings Settings => settings;

    /// <summary>The methods there are.</summary>
    public Registry Registry => registry;

    /// <summary>Whether one of the methods has a teacher.</summary>
    public bool HasTeacher => settings.Methods.Any(method => Has(method, "ema"));

    /// <summary>All cells, in the order they are trained: one seed after the other, so that an early look has whole tables.</summary>
    public IReadOnlyList<StudyCell> Cells =>
    [
        .. from seed in settings.Seeds
           from method in settings.Methods
           from objective in settings.Objectives
           from variant in Variants(method, objective)
           select new StudyCell(variant, seed, LearningRate(variant.BatchSize)),
    ];

    /// <summary>The variants of a method with an objective, the reference first.</summary>
    public IReadOnlyList<StudyVariant> Variants(string method, Objective objective)
    {
        int[] batchSizes = [.. settings.BatchSizes.OrderDescending()];
        double?[] emas = Has(method, "ema") ? [.. settings.Emas] : [null];
        bool?[] centerings = Has(method, "centering") ? [.. settings.Centerings] : [null];
        return
        [
            .. from centering in centerings
               from ema in emas
               from batchSize in batchSizes
               let changes = (batchSize == batchSizes[0] ? 0 : 1) + (ema == emas[0] ? 0 : 1) + (centering == centerings[0] ? 0 : 1)
               where settings.FullGrid || changes <= 1
               select new StudyVariant(method, objective, batchSize, ema, centering),
        ];
    }

    /// <summary>Whether a method has a setting.</summary>
    private bool Has(string method, string word) => registry.Document.HasMeaning(new RunSettings { Method = registry.Methods[method] }, word);

    /// <summary>The learning rate of a batch size, as the optimizer has it follow.</summary>
    private double LearningRate(int batchSize) => settings.LearningRate * optimizer.LearningRateFactor((double)batchSize / settings.BatchSizes.Max());
}
