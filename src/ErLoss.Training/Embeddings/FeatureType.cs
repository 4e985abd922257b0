namespace ErLoss.Training.Embeddings;

/// <summary>The type of the numbers in a file of features.</summary>
internal enum FeatureType
{
    /// <summary>Four bytes each, as they are computed.</summary>
    Float32,

    /// <summary>Two bytes each: rounded to about three decimal digits.</summary>
    Float16,
}
