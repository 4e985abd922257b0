using ErTraining.Methods;
using ErTraining.Training;

namespace ErTraining.Studies;

/// <summary>
/// What a study trains. For each method and objective there is a reference: the largest batch size, the first EMA coefficient, the first
/// choice of centring. The other variants differ from it in one thing, as in the paper's Table 2, or are all combinations.
/// </summary>
/// <param name="settings">What was asked for.</param>
/// <param name="optimizer">The rule all cells' weights are moved by.</param>
internal sealed class StudyPlan(StudySettings settings, OptimizerKind optimizer)
{
    /// <summary>What was asked for.</summary>
    public StudySettings Settings => settings;

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
        MethodDescription description = MethodCatalog.Describe(method);
        int[] batchSizes = [.. settings.BatchSizes.OrderDescending()];
        double?[] emas = description.HasTeacher ? [.. settings.Emas] : [null];
        bool?[] centerings = description.HasCentering ? [.. settings.Centerings] : [null];
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

    /// <summary>
    /// The learning rate of a batch size: by the linear rule for gradient descent (Goyal et al., "Accurate, Large Minibatch SGD", 2017), by the
    /// square-root rule for Adam (Malladi et al., "On the SDEs and Scaling Rules for Adaptive Gradient Algorithms", NeurIPS 2022).
    /// </summary>
    private double LearningRate(int batchSize)
    {
        double ratio = (double)batchSize / settings.BatchSizes.Max();
        return settings.LearningRate * (optimizer == OptimizerKind.AdamW ? Math.Sqrt(ratio) : ratio);
    }
}
