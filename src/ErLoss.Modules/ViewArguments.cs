using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Checks of <see cref="ProjectedViews"/>, before any computation. Each names the member that is wrong.</summary>
internal static class ViewArguments
{
    /// <param name="views">Of one process, or of one rank of several.</param>
    /// <param name="support">Of the loss.</param>
    /// <param name="mayBeEmpty">Whether there may be no row, because other ranks have some.</param>
    public static void Check(ProjectedViews views, Support support, bool mayBeEmpty = false)
    {
        ArgumentNullException.ThrowIfNull(views);
        const string Projections = $"{nameof(views)}.{nameof(views.Projections)}";
        CheckCount(views.Projections, Projections);
        Tensor first = views.Projections[0];
        string firstName = $"{Projections}[0]";
        CheckAlike(views.Projections, Projections);
        RowArguments.Check(views, support);
        if (views.Predictions is not null)
        {
            const string Predictions = $"{nameof(views)}.{nameof(views.Predictions)}";
            CheckCount(views.Predictions, Predictions);
            CheckAlike(views.Predictions, Predictions);
        }
        if (views is { Target: not null, Targets: not null })
        {
            throw new ArgumentException(
                $"{nameof(views.Target)} and {nameof(views.Targets)} are both given; one of them is wanted.", $"{nameof(views)}.{nameof(views.Target)}");
        }
        if (views.Target is not null)
        {
            CheckTarget(views.Target, $"{nameof(views)}.{nameof(views.Target)}");
        }
        if (views.Targets is not null)
        {
            CheckTargets(views.Targets, $"{nameof(views)}.{nameof(views.Targets)}");
        }
        int predictions = (views.Predictions ?? views.Projections).Count, targets = (views.GivenTargets ?? views.Projections).Count;
        if (views.Labels is null && ViewSums.Pairs(predictions, targets, views.AreOfViews) == 0)
        {
            throw new ArgumentException(
                $"No prediction meets a target, because a view does not predict itself. Give a second view, a {nameof(views.Target)}, which every prediction meets, or {nameof(views.Labels)}.",
                nameof(views));
        }

        void CheckAlike(IReadOnlyList<Tensor> tensors, string name)
        {
            for (int i = 0; i < tensors.Count; i++)
            {
                Arguments.CheckPair(first, tensors[i], support, firstName, $"{name}[{i}]", mayBeEmpty);
            }
        }

        void CheckTargets(IReadOnlyList<Tensor> tensors, string name)
        {
            CheckCount(tensors, name);
            for (int i = 0; i < tensors.Count; i++)
            {
                CheckTarget(tensors[i], $"{name}[{i}]");
                if (tensors[i].dtype != tensors[0].dtype)
                {
                    throw new ArgumentException($"The dtype is {tensors[i].dtype}; that of {name}[0], {tensors[0].dtype}, is wanted.", $"{name}[{i}]");
                }
            }
        }

        void CheckTarget(Tensor target, string name)
        {
            if (support == Support.Discrete && target is { IsInvalid: false, dtype: ScalarType.Int64 })
            {
                Arguments.CheckClassNumbers(target, first, views, firstName, name);
            }
            else if (support == Support.Discrete && target is { IsInvalid: false } && target.dim() == 1 && target.is_integral())
            {
                throw new ArgumentException($"The dtype is {target.dtype}; {ScalarType.Int64} is wanted of class numbers.", name);
            }
            else
            {
                Arguments.CheckPair(first, target, support, firstName, name, mayBeEmpty);
                if (support == Support.Discrete)
                {
                    Arguments.CheckProbabilities(target, RowWeights.Of(views.Weights, views.Mask), name);
                }
            }
        }
    }

    private static void CheckCount(IReadOnlyList<Tensor> tensors, string name)
    {
        if (tensors.Count == 0)
        {
            throw new ArgumentException("The list is empty; at least one tensor is wanted.", name);
        }
    }
}
