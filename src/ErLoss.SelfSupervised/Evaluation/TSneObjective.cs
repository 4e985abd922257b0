using System.Numerics;
using System.Runtime.InteropServices;

namespace ErLoss.SelfSupervised.Evaluation;

/// <summary>
/// The Kullback–Leibler divergence KL(P‖Q) = Σ pᵢⱼ·log(pᵢⱼ/qᵢⱼ) that t-SNE minimises over the places of points in a plane, where qᵢⱼ is proportional to wᵢⱼ = 1/(1 + ‖yᵢ − yⱼ‖²) (van der Maaten and Hinton 2008, section 3).
/// </summary>
/// <param name="similarities">P, (n, n) row-major, symmetric, with zeros on the diagonal.</param>
/// <param name="count">n.</param>
internal sealed class TSneObjective(double[] similarities, int count)
{
    private readonly double[] _repulsionX = new double[count], _repulsionY = new double[count];

    /// <summary>The divergence, in nats.</summary>
    /// <param name="x">First coordinates, (n).</param>
    /// <param name="y">Second coordinates, (n).</param>
    public double Value(ReadOnlySpan<double> x, ReadOnlySpan<double> y)
    {
        double sum = 0, divergence = 0, all = 0;
        for (int i = 0; i < count; i++)
        {
            for (int j = 0; j < count; j++)
            {
                double dx = x[i] - x[j], dy = y[i] - y[j], weight = 1 / (1 + dx * dx + dy * dy), p = similarities[i * count + j];
                if (i != j)
                {
                    sum += weight;
                    all += p;
                    divergence += p > 0 ? p * Math.Log(p / weight) : 0;
                }
            }
        }
        return divergence + all * Math.Log(sum);
    }

    /// <summary>
    /// The gradient, 4·Σⱼ (e·pᵢⱼ − qᵢⱼ)·wᵢⱼ·(yᵢ − yⱼ) for each i. It is computed in one pass over the pairs, since the sum that makes q of w is a factor of the repulsion, Σⱼ qᵢⱼ·wᵢⱼ·(yᵢ − yⱼ).
    /// </summary>
    /// <param name="x">First coordinates, (n).</param>
    /// <param name="y">Second coordinates, (n).</param>
    /// <param name="exaggeration">e, by which the similarities are multiplied; 1 for the gradient of <see cref="Value"/>.</param>
    /// <param name="gradientX">Receives the derivatives by the first coordinates, (n).</param>
    /// <param name="gradientY">Receives the derivatives by the second coordinates, (n).</param>
    public void Gradient(ReadOnlySpan<double> x, ReadOnlySpan<double> y, double exaggeration, Span<double> gradientX, Span<double> gradientY)
    {
        double sum = -count; // each point is one of the pairs, with a weight of 1
        for (int i = 0; i < count; i++)
        {
            sum += Row(i, x, y, out gradientX[i], out gradientY[i]);
        }
        for (int i = 0; i < count; i++)
        {
            gradientX[i] = 4 * (exaggeration * gradientX[i] - _repulsionX[i] / sum);
            gradientY[i] = 4 * (exaggeration * gradientY[i] - _repulsionY[i] / sum);
        }
    }

    /// <summary>The attraction of a point, and its repulsion before it is divided by the sum of all weights; returns the sum of its weights, its own of 1 among them.</summary>
    private double Row(int i, ReadOnlySpan<double> x, ReadOnlySpan<double> y, out double attractionX, out double attractionY)
    {
        ReadOnlySpan<double> row = similarities.AsSpan(i * count, count);
        ReadOnlySpan<Vector<double>> rows = MemoryMarshal.Cast<double, Vector<double>>(row), xs = MemoryMarshal.Cast<double, Vector<double>>(x), ys = MemoryMarshal.Cast<double, Vector<double>>(y);
        Vector<double> xi = new(x[i]), yi = new(y[i]), pullX = default, pullY = default, pushX = default, pushY = default, weights = default;
        for (int j = 0; j < rows.Length; j++)
        {
            Vector<double> dx = xi - xs[j], dy = yi - ys[j], weight = Vector<double>.One / (Vector<double>.One + dx * dx + dy * dy), pull = rows[j] * weight, push = weight * weight;
            weights += weight;
            pullX += pull * dx;
            pullY += pull * dy;
            pushX += push * dx;
            pushY += push * dy;
        }
        (attractionX, attractionY) = (Vector.Sum(pullX), Vector.Sum(pullY));
        (double repulsionX, double repulsionY, double sum) = (Vector.Sum(pushX), Vector.Sum(pushY), Vector.Sum(weights));
        for (int j = rows.Length * Vector<double>.Count; j < count; j++)
        {
            double dx = x[i] - x[j], dy = y[i] - y[j], weight = 1 / (1 + dx * dx + dy * dy), pull = row[j] * weight, push = weight * weight;
            sum += weight;
            attractionX += pull * dx;
            attractionY += pull * dy;
            repulsionX += push * dx;
            repulsionY += push * dy;
        }
        (_repulsionX[i], _repulsionY[i]) = (repulsionX, repulsionY);
        return sum;
    }
}
