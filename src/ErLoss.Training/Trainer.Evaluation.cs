using ErLoss.SelfSupervised.Evaluation;

namespace ErLoss.Training;

/// <content>What is measured before training, between epochs and at the end.</content>
internal sealed partial class Trainer
{
    private FeatureEvaluation? _evaluation; // of the encoder as it is now

    /// <summary>What the features were before training; null if another process evaluated them, or nobody did since there are no labels.</summary>
    public FeatureEvaluation? EvaluationBefore { get; private set; }

    /// <summary>Whether the encoder is as it was before training or as it is in the end, and a linear probe of it is wanted.</summary>
    private bool TrainsProbe => _settings.LinearProbe && _measuresAccuracy && Train.LabelledCount > 1 && (_progress.StepsDone == 0 || _progress.StepsDone == _step.Steps);

    /// <summary>What the features of the encoder are as it is now. They are computed unless they were before.</summary>
    /// <param name="cancellation">Heeded between batches, and between iterations of the linear probe.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="TrainingFailedException">A feature is not finite.</exception>
    public FeatureEvaluation Evaluate(CancellationToken cancellation = default) =>
        _evaluation ??= Evaluator.Evaluate(Method.Encoder, Train, Test, _measuresAccuracy, TrainsProbe, Observers, _group, cancellation);

    /// <summary>Adds to an epoch's metrics what is measured after it.</summary>
    private EpochMetrics Evaluate(EpochMetrics metrics, CancellationToken cancellation)
    {
        CollapseIndicators indicators = Evaluator.Collapse(Method, Test, _group, cancellation);
        bool isEvaluated = _step.Schedule.IsEvaluated(metrics.Epoch, _settings.Evaluations);
        return metrics with
        {
            EffectiveRank = indicators.EffectiveRank,
            MeanCosine = indicators.MeanCosine,
            Perplexity = indicators.Perplexity,
            KnnAccuracy = isEvaluated ? KnnAccuracy(cancellation) : null,
            ViewRetrieval = isEvaluated ? ViewRetrieval(cancellation) : null,
        };
    }

    private double? KnnAccuracy(CancellationToken cancellation) => _measuresAccuracy ? Evaluate(cancellation).Confusion!.Accuracy : null;

    private double? LinearProbeAccuracy(CancellationToken cancellation) => TrainsProbe ? Evaluate(cancellation).LinearProbeAccuracy : null;

    private double ViewRetrieval(CancellationToken cancellation) => Evaluator.ViewRetrieval(Method, Test, _settings, _group, cancellation);
}
