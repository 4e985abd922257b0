namespace ErLoss.SelfSupervised.Onnx;

/// <summary>The numbers of the fields of ONNX's messages that are written here, as ONNX's public schema has them (onnx.ai, "onnx.proto").</summary>
internal static class OnnxField
{
    internal static class Model
    {
        public const int IrVersion = 1, ProducerName = 2, ProducerVersion = 3, Graph = 7, OpsetImport = 8, MetadataProps = 14;
    }

    internal static class OperatorSet
    {
        public const int Version = 2;
    }

    internal static class StringEntry
    {
        public const int Key = 1, Value = 2;
    }

    internal static class Graph
    {
        public const int Node = 1, Name = 2, Initializer = 5, Input = 11, Output = 12;
    }

    internal static class Node
    {
        public const int Input = 1, Output = 2, Name = 3, OpType = 4, Attribute = 5;
    }

    internal static class Attribute
    {
        public const int Name = 1, Float = 2, Integer = 3, Integers = 8, Type = 20;
        public const int TypeFloat = 1, TypeInteger = 2, TypeIntegers = 7;
    }

    internal static class Tensor
    {
        public const int Dims = 1, DataType = 2, Name = 8, RawData = 9;
    }

    internal static class ValueInfo
    {
        public const int Name = 1, Type = 2;
    }

    internal static class Type
    {
        public const int TensorType = 1, ElementType = 1, Shape = 2;
    }

    internal static class Shape
    {
        public const int Dimension = 1, Value = 1, Parameter = 2;
    }

    /// <summary>Types of elements.</summary>
    internal static class DataType
    {
        public const int Float = 1, Byte = 2;
    }
}
