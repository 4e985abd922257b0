using static TorchSharp.torch;

namespace ErLoss.Modules.Tests;

/// <summary>Plain arrays of rows: what the tests compute with beside the library, and pass to it as tensors.</summary>
internal static class Matrix
{
    public static double[,] Create(int rows, int columns, Func<int, int, double> entry)
    {
        var matrix = new double[rows, columns];
        for (int i = 0; i < rows; i++)
        {
            for (int c = 0; c < columns; c++)
            {
                matrix[i, c] = entry(i, c);
            }
        }
        return matrix;
    }

    public static double[,] Identity(int size) => Create(size, size, (i, c) => i == c ? 1 : 0);

    public static double Dot(this double[,] matrix, int row, double[,] other, int otherRow)
    {
        double sum = 0;
        for (int c = 0; c < matrix.GetLength(1); c++)
        {
            sum += matrix[row, c] * other[otherRow, c];
        }
        return sum;
    }

    public static double[,] Select(this double[,] matrix, Func<double, double> map) =>
        Create(matrix.GetLength(0), matrix.GetLength(1), (i, c) => map(matrix[i, c]));

    public static double[,] Permute(this double[,] matrix, int[] order) =>
        Create(matrix.GetLength(0), matrix.GetLength(1), (i, c) => matrix[order[i], c]);

    /// <summary>Each row r as <paramref name="rotation"/>·r.</summary>
    public static double[,] Rotate(this double[,] matrix, double[,] rotation) =>
        Create(matrix.GetLength(0), matrix.GetLength(1), (i, c) => matrix.Dot(i, rotation, c));

    public static double[,] WithUnitRows(this double[,] matrix)
    {
        double[] norms = [.. Enumerable.Range(0, matrix.GetLength(0)).Select(i => Math.Sqrt(matrix.Dot(i, matrix, i)))];
        return Create(matrix.GetLength(0), matrix.GetLength(1), (i, c) => matrix[i, c] / norms[i]);
    }

    public static double[,] WithSoftmaxRows(this double[,] matrix)
    {
        var softmax = (double[,])matrix.Clone();
        for (int i = 0; i < matrix.GetLength(0); i++)
        {
            double[] row = [.. Enumerable.Range(0, matrix.GetLength(1)).Select(c => matrix[i, c])];
            double largest = row.Max();
            double sum = row.Sum(x => Math.Exp(x - largest));
            for (int c = 0; c < row.Length; c++)
            {
                softmax[i, c] = Math.Exp(row[c] - largest) / sum;
            }
        }
        return softmax;
    }

    public static Tensor ToTensor(this double[,] matrix, ScalarType dtype = ScalarType.Float64) => tensor(matrix, dtype);

    /// <summary>A leaf that collects gradient.</summary>
    public static Tensor ToLeaf(this double[,] matrix, ScalarType dtype = ScalarType.Float64) => matrix.ToTensor(dtype).requires_grad_();

    public static double[,] ToMatrix(this Tensor tensor)
    {
        using Tensor values = tensor.detach().to(ScalarType.Float64).contiguous();
        double[] entries = values.data<double>().ToArray();
        int columns = (int)tensor.shape[1];
        return Create((int)tensor.shape[0], columns, (i, c) => entries[i * columns + c]);
    }
}
