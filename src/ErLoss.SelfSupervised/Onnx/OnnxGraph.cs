using System.Globalization;
using ErLoss.SelfSupervised.Normalization;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ErLoss.SelfSupervised.Onnx;

/// <summary>
/// A network as a graph in ONNX's format, for programs without libtorch. An encoder describes itself by adding its operators, in their order; each takes the name of a value and
/// returns the name of its result. Weights are copied into the graph.
/// </summary>
public sealed class OnnxGraph
{
    private const int OperatorSet = 17, IrVersion = 8; // of ONNX 1.12 (2022): newer runtimes read it, and nothing here needs a newer one

    private readonly OnnxMessage _graph = new();
    private int _values;

    internal OnnxGraph()
    {
    }

    /// <summary>A convolution without bias of maps (k, inputs, h, w).</summary>
    /// <param name="maps">Name of the value.</param>
    /// <param name="weight">(outputs, inputs, kernel, kernel).</param>
    /// <param name="stride">Pixels from one place of the kernel to the next.</param>
    /// <param name="padding">Zeros that are added on each side.</param>
    /// <returns>Name of the result.</returns>
    /// <exception cref="ArgumentException">The weight has another number of dimensions.</exception>
    public string Convolution(string maps, Tensor weight, int stride, int padding)
    {
        Arguments.CheckTensor(weight);
        return weight.dim() != 4
            ? throw new ArgumentException($"The shape is {Arguments.ShapeOf(weight)}; (outputs, inputs, kernel, kernel) is wanted.", nameof(weight))
            : Add("Conv", [maps, Constant(weight)], Integers("strides", stride, stride), Integers("pads", padding, padding, padding, padding), Integers("kernel_shape", weight.shape[2], weight.shape[3]));
    }

    /// <summary>Batch normalisation as in evaluation mode.</summary>
    /// <param name="maps">Name of the value.</param>
    /// <param name="module">Its scales, shifts and running statistics.</param>
    /// <returns>Name of the result.</returns>
    public string BatchNormalization(string maps, BatchNorm module)
    {
        ArgumentNullException.ThrowIfNull(module);
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        Tensor mean = Running(module.running_mean), variance = Running(module.running_var);
        return Add(
            "BatchNormalization",
            [maps, Constant(module.weight ?? ones_like(mean)), Constant(module.bias ?? zeros_like(mean)), Constant(mean), Constant(variance)],
            Float("epsilon", (float)module.eps));

        Tensor Running(Tensor? statistics) => statistics ?? throw new NotSupportedException($"{module.GetName()} keeps no running statistics, which ONNX's batch normalisation needs.");
    }

    /// <summary>max(x, 0).</summary>
    public string Relu(string maps) => Add("Relu", [maps]);

    /// <summary>The largest value of each square of pixels.</summary>
    /// <param name="maps">Name of the value.</param>
    /// <param name="kernelSize">Height and width of the square.</param>
    /// <param name="stride">Pixels from one square to the next.</param>
    /// <param name="padding">Pixels that are added on each side and never are the largest.</param>
    /// <returns>Name of the result.</returns>
    public string MaxPooling(string maps, int kernelSize, int stride, int padding) => Add(
        "MaxPool", [maps], Integers("kernel_shape", kernelSize, kernelSize), Integers("strides", stride, stride), Integers("pads", padding, padding, padding, padding));

    /// <summary>The sum of two values of the same shape.</summary>
    public string Sum(string first, string second) => Add("Add", [first, second]);

    /// <summary>The parts of a sequence, one after the other: those that describe themselves, batch normalisations, ReLUs and sequences of such.</summary>
    /// <param name="maps">Name of the value.</param>
    /// <param name="part">The sequence, or one of its parts.</param>
    /// <returns>Name of the result.</returns>
    /// <exception cref="NotSupportedException">A part is of another kind.</exception>
    public string Sequence(string maps, nn.Module part)
    {
        ArgumentException.ThrowIfNullOrEmpty(maps);
        ArgumentNullException.ThrowIfNull(part);
        return part switch
        {
            IOnnxPart self => self.Describe(this, maps),
            BatchNorm2d or SyncBatchNorm => BatchNormalization(maps, (BatchNorm)part),
            ReLU => Relu(maps),
            Sequential all => all.children().Aggregate(maps, Sequence),
            _ => throw new NotSupportedException($"{part.GetName()} has no description as operators of ONNX; it can have one if it implements {nameof(IOnnxPart)}."),
        };
    }

    /// <summary>Images as an encoder is fed them, (k, 3, h, w) in float32, of pixel bytes (k, h, w, 3), which become an input of the graph.</summary>
    internal string Images(string name, double mean, double standardDeviation)
    {
        _graph.Add(OnnxField.Graph.Input, Value(name, OnnxField.DataType.Byte, "batch", "height", "width", 3L));
        string planes = Add("Transpose", [Add("Cast", [name], Integer("to", OnnxField.DataType.Float))], Integers("perm", 0, 3, 1, 2));
        string unit = Add("Div", [planes, Number(byte.MaxValue)]);
        return Add("Div", [Add("Sub", [unit, Number(mean)]), Number(standardDeviation)]);
    }

    /// <summary>The means of maps over height and width, (k, channels), which become an output of the graph.</summary>
    internal void Features(string maps, string name, long channels)
    {
        _graph.Add(OnnxField.Graph.Node, Node("Flatten", [Add("GlobalAveragePool", [maps])], name, [Integer("axis", 1)]));
        _graph.Add(OnnxField.Graph.Output, Value(name, OnnxField.DataType.Float, "batch", channels));
    }

    /// <summary>The whole file.</summary>
    /// <param name="name">Of the graph.</param>
    /// <param name="producer">Name and version of the program.</param>
    /// <param name="metadata">Texts by key.</param>
    internal OnnxMessage Model(string name, (string Name, string Version) producer, IReadOnlyDictionary<string, string> metadata)
    {
        OnnxMessage model = new OnnxMessage()
            .Add(OnnxField.Model.IrVersion, IrVersion)
            .Add(OnnxField.Model.ProducerName, producer.Name)
            .Add(OnnxField.Model.ProducerVersion, producer.Version)
            .Add(OnnxField.Model.OpsetImport, new OnnxMessage().Add(OnnxField.OperatorSet.Version, OperatorSet));
        foreach ((string key, string value) in metadata.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            model.Add(OnnxField.Model.MetadataProps, new OnnxMessage().Add(OnnxField.StringEntry.Key, key).Add(OnnxField.StringEntry.Value, value));
        }
        return model.Add(OnnxField.Model.Graph, _graph.Add(OnnxField.Graph.Name, name));
    }

    private string Add(string operation, IEnumerable<string> inputs, params IEnumerable<OnnxMessage> attributes)
    {
        string output = NewName();
        _graph.Add(OnnxField.Graph.Node, Node(operation, inputs, output, attributes));
        return output;
    }

    private static OnnxMessage Node(string operation, IEnumerable<string> inputs, string output, IEnumerable<OnnxMessage> attributes)
    {
        var node = new OnnxMessage();
        foreach (string input in inputs)
        {
            ArgumentException.ThrowIfNullOrEmpty(input);
            node.Add(OnnxField.Node.Input, input);
        }
        node.Add(OnnxField.Node.Output, output).Add(OnnxField.Node.Name, $"{operation}_{output}").Add(OnnxField.Node.OpType, operation);
        foreach (OnnxMessage attribute in attributes)
        {
            node.Add(OnnxField.Node.Attribute, attribute);
        }
        return node;
    }

    private string Constant(Tensor values)
    {
        using var scope = NewDisposeScope();
        string name = NewName();
        var constant = new OnnxMessage();
        foreach (long length in values.shape)
        {
            constant.Add(OnnxField.Tensor.Dims, length);
        }
        constant.Add(OnnxField.Tensor.DataType, OnnxField.DataType.Float)
            .Add(OnnxField.Tensor.Name, name)
            .Add(OnnxField.Tensor.RawData, values.detach().to(ScalarType.Float32).cpu().contiguous().bytes);
        _graph.Add(OnnxField.Graph.Initializer, constant);
        return name;
    }

    private string Number(double value)
    {
        using Tensor number = tensor((float)value, device: CPU);
        return Constant(number);
    }

    private string NewName() => string.Create(CultureInfo.InvariantCulture, $"value{_values++}");

    private static OnnxMessage Value(string name, int type, params IEnumerable<object> lengths)
    {
        var shape = new OnnxMessage();
        foreach (object length in lengths)
        {
            shape.Add(OnnxField.Shape.Dimension, length is long known ? new OnnxMessage().Add(OnnxField.Shape.Value, known) : new OnnxMessage().Add(OnnxField.Shape.Parameter, (string)length));
        }
        OnnxMessage tensorType = new OnnxMessage().Add(OnnxField.Type.ElementType, type).Add(OnnxField.Type.Shape, shape);
        return new OnnxMessage().Add(OnnxField.ValueInfo.Name, name).Add(OnnxField.ValueInfo.Type, new OnnxMessage().Add(OnnxField.Type.TensorType, tensorType));
    }

    private static OnnxMessage Integer(string name, long value) => Attribute(name, OnnxField.Attribute.TypeInteger).Add(OnnxField.Attribute.Integer, value);

    private static OnnxMessage Float(string name, float value) => Attribute(name, OnnxField.Attribute.TypeFloat).Add(OnnxField.Attribute.Float, value);

    private static OnnxMessage Integers(string name, params IEnumerable<long> values) =>
        values.Aggregate(Attribute(name, OnnxField.Attribute.TypeIntegers), (attribute, value) => attribute.Add(OnnxField.Attribute.Integers, value));

    private static OnnxMessage Attribute(string name, long type) => new OnnxMessage().Add(OnnxField.Attribute.Name, name).Add(OnnxField.Attribute.Type, type);
}
