using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Evaluation;

/// <summary>Principal component analysis: the directions in which rows vary most, and the rows' coordinates along them.</summary>
public static class PrincipalComponents
{
    /// <summary>The coordinates of centred rows along the directions of largest variance, largest first.</summary>
    /// <remarks>
    /// They are computed in float64, from the eigenvectors of the covariance or, where there are fewer rows than columns, of the rows' inner products. The sign of a direction is arbitrary; it is
    /// chosen so that the coordinate of largest magnitude is positive.
    /// </remarks>
    /// <param name="rows">(n, d), floating-point and finite.</param>
    /// <param name="count">The number of directions, at least 1. There are no more than rows or columns.</param>
    /// <returns>(n, min(<paramref name="count"/>, n, d)), float64, on the device of the rows.</returns>
    /// <exception cref="ArgumentException">The rows are not as said above.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is less than 1.</exception>
    public static Tensor Project(Tensor rows, int count)
    {
        Arguments.CheckRows(rows);
        Arguments.CheckFinite(rows);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        Tensor values = rows.to(ScalarType.Float64), largest = values.abs().max();
        Tensor scaled = UnitRows.Scale(values, largest), centred = scaled - scaled.mean([0], keepdim: true); // scaled, so that no square overflows
        bool isWide = centred.shape[0] < centred.shape[1];
        (Tensor eigenvalues, Tensor vectors) = linalg.eigh(isWide ? centred.mm(centred.t()) : centred.t().mm(centred)); // in ascending order
        long kept = Math.Min(count, eigenvalues.shape[0]);
        Tensor directions = vectors.flip(1).narrow(1, 0, kept);
        Tensor coordinates = isWide ? directions * eigenvalues.flip(0).narrow(0, 0, kept).clamp_min(0).sqrt() : centred.mm(directions);
        Tensor extremes = coordinates.gather(0, coordinates.abs().argmax(0, keepdim: true));
        return (coordinates * where(extremes.lt(0), -largest, largest)).MoveToOuterDisposeScope();
    }
}
