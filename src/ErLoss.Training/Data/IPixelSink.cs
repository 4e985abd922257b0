namespace ErLoss.Training.Data;

/// <summary>Takes images as they are decoded, some at a time.</summary>
internal interface IPixelSink
{
    /// <summary>How many images can be decoded at once.</summary>
    int MostAtOnce { get; }

    /// <summary>Where the next images are to be decoded into.</summary>
    /// <param name="count">How many, at most <see cref="MostAtOnce"/>.</param>
    Memory<byte> Next(int count);

    /// <summary>Takes the first of the images that were decoded.</summary>
    /// <param name="count">How many.</param>
    void Keep(int count);
}
