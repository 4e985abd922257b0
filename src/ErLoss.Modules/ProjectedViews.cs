using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>
/// What a step gives the loss: views of one batch of examples. A view is a (k, d) tensor; row i of every view belongs to example i.
/// </summary>
/// <remarks>
/// <para>
/// The entropy is the mean over <see cref="Projections"/>. The reconstruction is the mean over pairs of a prediction and a target: how
/// many nats it takes to specify the target's row when the prediction's is known. Unless more is said, the projections are predictions and targets
/// alike, and each predicts all others. The cost grows with the number of views, not with that of pairs.
/// </para>
/// <para>
/// <see cref="Weights"/> and <see cref="Mask"/> say which examples count and how much, <see cref="Ids"/> which rows are the same example,
/// <see cref="Labels"/> which examples are of one kind, and <see cref="Centers"/> which rows enter the density estimate beside those of the batch.
/// </para>
/// <para>The object holds the tensors and copies nothing. It disposes nothing.</para>
/// </remarks>
/// <example>
/// <code>
/// // BYOL with ER: the student's entropy, and predictions of the teacher's projections.
/// loss.terms(new ProjectedViews(student1, student2) { Predictions = [predictor.call(student1), predictor.call(student2)], Targets = [teacher1, teacher2] });
/// </code>
/// </example>
public sealed class ProjectedViews
{
    /// <summary>Views of a batch.</summary>
    /// <param name="projections">At least one, (k, d) each, alike in shape, dtype and device. Gradient flows into them.</param>
    public ProjectedViews(params Tensor[] projections)
    {
        ArgumentNullException.ThrowIfNull(projections);
        Projections = [.. projections];
    }

    /// <summary>The views whose entropy counts.</summary>
    public IReadOnlyList<Tensor> Projections { get; }

    /// <summary>
    /// What predicts the targets: mean directions on the sphere, logits on classes (with <see cref="EntropyReconstructionOptions.NormalizeInputs"/>). They
    /// have the projections' shape, dtype and device, and gradient flows into them. By default they are the projections.
    /// </summary>
    /// <remarks>
    /// The first of them belong to the views in order, so that a prediction does not meet the target of its own view. Further ones, such as those of small
    /// crops, meet every target.
    /// </remarks>
    public IReadOnlyList<Tensor>? Predictions { get; init; }

    /// <summary>
    /// What is predicted, in the order of the views: target v is that of view v, and every prediction but v's meets it. No gradient
    /// flows into them. By default the targets are the projections, and gradient flows into these.
    /// </summary>
    /// <remarks>
    /// On the sphere they are like projections. On classes they are what torch's cross-entropy takes: probabilities, (k, d), which are used as given, or
    /// class numbers, (k) of int64.
    /// </remarks>
    public IReadOnlyList<Tensor>? Targets { get; init; }

    /// <summary>One target, which every prediction meets, instead of <see cref="Targets"/>; of the same kind.</summary>
    public Tensor? Target { get; init; }

    /// <summary>
    /// Weight of each example, (k) of a floating-point type or int64, zero or positive. By default all have the weight one. A whole number gives the value that so
    /// many copies of the row with one id give. Weights, those of <see cref="Centers"/> included, can all be multiplied by one number: only their ratios matter.
    /// No gradient flows into weights; weights that require it are refused.
    /// </summary>
    public Tensor? Weights { get; init; }

    /// <summary>
    /// Which examples count, (k) of bool. The rows of an example where it is false are left out of everything, as if they were not there, and get a gradient of
    /// zero; they may hold anything, NaN included. An example of weight zero is left out in the same way.
    /// </summary>
    /// <remarks>If no example counts, the terms and their gradients are zero.</remarks>
    public Tensor? Mask { get; init; }

    /// <summary>
    /// Id of each row of a view, (k) of int64: rows with equal ids are one example (the same image twice). They are no centres for each other in the density
    /// estimate, so that the entropy does not push them apart. A row's own kernel takes the weight of all rows with its id. By default every row is an example of
    /// its own. Sphere only.
    /// </summary>
    /// <remarks>
    /// With <see cref="EntropyReconstructionOptions.LeaveOneOut"/> the own kernel is left out as well, and a row for which no centre is left does not count in the
    /// entropy. The reconstruction depends on ids only together with <see cref="Labels"/>.
    /// </remarks>
    public Tensor? Ids { get; init; }

    /// <summary>
    /// Label of each example, (k) of int64: the targets of a row are all rows of its label, in all views, except the row itself and the rows of its own view with
    /// its id. Its reconstruction error is the mean over them, counted by their weights. With labels that all differ these are the other views' rows, as without
    /// labels. Not together with <see cref="Targets"/>, <see cref="Target"/> or <see cref="Predictions"/>.
    /// </summary>
    /// <remarks>
    /// A row with nothing of its label to predict does not count in the reconstruction; if no row has anything, the reconstruction is zero, without the constant
    /// log C_d(κ). In a single view, partners that weigh less than a 1e-12th of their row are taken for none.
    /// </remarks>
    public Tensor? Labels { get; init; }

    /// <summary>Further rows of the density estimate: none by default, one set for all views, or one for each view.</summary>
    public IReadOnlyList<Centers> Centers { get; init; } = [];

    /// <summary>The further centres of a view's density estimate, if any.</summary>
    internal Centers? CentersOf(int view) => Centers.Count == 0 ? null : Centers[Centers.Count == 1 ? 0 : view];

    /// <summary>Whether a target is that of the view at its place, whose prediction does not meet it; else every prediction meets it.</summary>
    internal bool AreOfViews => Target is null;

    /// <summary>The targets that were given, if any.</summary>
    internal IReadOnlyList<Tensor>? GivenTargets => Target is null ? Targets : [Target];
}
