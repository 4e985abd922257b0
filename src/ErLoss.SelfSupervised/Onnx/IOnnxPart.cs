namespace ErLoss.SelfSupervised.Onnx;

/// <summary>A part of a network that describes itself as operators of ONNX.</summary>
public interface IOnnxPart
{
    /// <summary>Adds the operators that compute, in evaluation mode, what the part computes.</summary>
    /// <param name="graph">Gets the operators.</param>
    /// <param name="maps">Name of the input in the graph.</param>
    /// <returns>Name of the output.</returns>
    string Describe(OnnxGraph graph, string maps);
}
