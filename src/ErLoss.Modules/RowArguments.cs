using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Modules;

/// <summary>Checks of what is said of a batch's rows: weights, mask, ids, labels and further centres. Each names the argument or member that is wrong.</summary>
internal static class RowArguments
{
    private static readonly Scalar s_zero = 0; // kept, as a number's conversion may be freed before native code reads it

    private static readonly ScalarType[] s_weightTypes = [ScalarType.Float16, ScalarType.BFloat16, ScalarType.Float32, ScalarType.Float64, ScalarType.Int64];

    public static void Check(ProjectedViews views, Support support)
    {
        const string Views = nameof(views);
        Tensor first = views.Projections[0];
        Check(first, support, views.Weights, views.Mask, views.Ids, $"{Views}.{nameof(views.Weights)}", $"{Views}.{nameof(views.Mask)}", $"{Views}.{nameof(views.Ids)}");
        if (views.Labels is not null)
        {
            const string Labels = $"{Views}.{nameof(views.Labels)}";
            CheckVector(views.Labels, first, first.shape[0], [ScalarType.Int64], Labels);
            if ((views.GivenTargets ?? views.Predictions) is not null)
            {
                string given = views.GivenTargets is null ? nameof(views.Predictions) : views.Target is null ? nameof(views.Targets) : nameof(views.Target);
                throw new ArgumentException($"With {nameof(views.Labels)} the views predict each other, but {given} {(views.Target is null ? "are" : "is")} given as well. Leave one of them out.", Labels);
            }
        }
        const string Centers = $"{Views}.{nameof(views.Centers)}";
        ArgumentNullException.ThrowIfNull(views.Centers, Centers);
        if (views.Centers.Count > 1 && views.Centers.Count != views.Projections.Count)
        {
            throw new ArgumentException(
                $"There are {views.Centers.Count} sets of centres and {views.Projections.Count} views. Give one set for all views, or one for each.", Centers);
        }
        for (int i = 0; i < views.Centers.Count; i++)
        {
            CheckCenters(views.Centers[i], first, support, views.Ids is not null, $"{Centers}[{i}]");
        }
    }

    /// <summary>Weights, mask and ids of the rows of a batch; each may be null.</summary>
    public static void Check(
        Tensor embeddings, Support support, Tensor? weights, Tensor? mask, Tensor? ids, string weightsName, string maskName, string idsName)
    {
        long rows = embeddings.shape[0];
        if (mask is not null)
        {
            CheckVector(mask, embeddings, rows, [ScalarType.Bool], maskName);
        }
        if (weights is not null)
        {
            CheckWeights(weights, embeddings, rows, mask, weightsName);
        }
        if (ids is not null)
        {
            CheckIds(ids, embeddings, rows, support, idsName);
        }
    }

    /// <summary>Centres for a batch of embeddings.</summary>
    public static void CheckCenters(Centers centers, Tensor embeddings, Support support, bool haveIds, string name)
    {
        ArgumentNullException.ThrowIfNull(centers, name);
        string rowsName = $"{name}.{nameof(centers.Rows)}";
        Arguments.CheckDense(centers.Rows, rowsName);
        if (centers.Rows.dim() != 2 || centers.Rows.shape[1] != embeddings.shape[1])
        {
            throw new ArgumentException(
                $"The shape is {Arguments.ShapeOf(centers.Rows)}; (m, {embeddings.shape[1]}) is wanted, of the projections' dimension.", rowsName);
        }
        Arguments.CheckRowCount(centers.Rows, rowsName);
        if (centers.Rows.dtype != embeddings.dtype)
        {
            throw new ArgumentException(
                $"The dtype is {centers.Rows.dtype}; that of the projections, {embeddings.dtype}, is wanted. Convert the rows; {nameof(ProjectionQueue.centers)}(dtype) of a queue does it.", rowsName);
        }
        Arguments.CheckDevice(centers.Rows, embeddings, "the projections", rowsName);
        if (centers.Weights is not null)
        {
            CheckWeights(centers.Weights, embeddings, centers.Rows.shape[0], null, $"{name}.{nameof(centers.Weights)}");
        }
        if (support == Support.Discrete)
        {
            Arguments.CheckProbabilities(centers.Rows, RowWeights.Of(centers.Weights, null), rowsName);
        }
        if (centers.Ids is not null)
        {
            CheckIds(centers.Ids, embeddings, centers.Rows.shape[0], support, $"{name}.{nameof(centers.Ids)}");
            if (!haveIds)
            {
                throw new ArgumentException("The centres have ids and the batch has none, so that there is nothing to compare them with. Give the batch's ids too.", $"{name}.{nameof(centers.Ids)}");
            }
        }
    }

    private static void CheckIds(Tensor ids, Tensor embeddings, long rows, Support support, string name)
    {
        CheckVector(ids, embeddings, rows, [ScalarType.Int64], name);
        if (support == Support.Discrete)
        {
            throw new ArgumentException("Ids say which kernels are left out, and classes have no kernels. Use weights.", name);
        }
    }

    /// <summary>On the CPU the values are read, which costs little there; elsewhere the host would wait.</summary>
    private static void CheckWeights(Tensor weights, Tensor embeddings, long rows, Tensor? mask, string name)
    {
        CheckVector(weights, embeddings, rows, s_weightTypes, name);
        if (weights.requires_grad)
        {
            throw new ArgumentException(
                "The weights require gradient, and none flows into them. Detach them; to learn weights, multiply the values of Reduction.None by them.", name);
        }
        if (weights.device_type != DeviceType.CPU || rows == 0)
        {
            return;
        }
        using var scope = NewDisposeScope();
        Tensor values = weights.to(ScalarType.Float64);
        values = mask is null ? values : values.masked_fill(mask.bitwise_not(), s_zero);
        // NaN is the least and the largest of numbers that it is among.
        if (!(values.amin([0]).ToDouble() >= 0 && values.amax([0]).ToDouble() < double.PositiveInfinity))
        {
            throw new ArgumentException("A weight is negative or not finite; finite numbers, zero or positive, are wanted.", name);
        }
    }

    /// <summary>A number for each of a batch's rows, of one of some types.</summary>
    public static void CheckVector(Tensor vector, Tensor embeddings, long rows, ScalarType[] types, string name)
    {
        Arguments.CheckDense(vector, name);
        if (vector.dim() != 1 || vector.shape[0] != rows)
        {
            throw new ArgumentException($"The shape is {Arguments.ShapeOf(vector)}; ({rows}) is wanted, one number for each row.", name);
        }
        if (!types.Contains(vector.dtype))
        {
            string wanted = types.Length == 1 ? $"{types[0]}" : $"{string.Join(", ", types[..^1])} or {types[^1]}";
            throw new ArgumentException($"The dtype is {vector.dtype}; {wanted} is wanted{(types == s_weightTypes && vector.dtype == ScalarType.Bool ? ". A mask leaves rows out" : "")}.", name);
        }
        Arguments.CheckDevice(vector, embeddings, "the projections", name);
    }
}
