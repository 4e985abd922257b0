namespace ErLoss.Training.Data;

/// <summary>An image that could not be read when a cache was made.</summary>
/// <param name="IsTest">Whether it is a test image.</param>
/// <param name="Index">Its place among the training or test images of the folder.</param>
/// <param name="Reason">Why it could not be read.</param>
internal readonly record struct CacheFault(bool IsTest, int Index, string Reason)
{
    /// <summary>A list of them in bytes.</summary>
    public static byte[] ToBytes(IReadOnlyCollection<CacheFault> faults)
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        foreach (CacheFault fault in faults)
        {
            writer.Write(fault.IsTest);
            writer.Write(fault.Index);
            writer.Write(fault.Reason);
        }
        return bytes.ToArray();
    }

    /// <summary>Reads a list, as far as it is one.</summary>
    public static IReadOnlyList<CacheFault> Read(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        var faults = new List<CacheFault>();
        try
        {
            while (reader.BaseStream.Position < bytes.Length)
            {
                faults.Add(new CacheFault(reader.ReadBoolean(), reader.ReadInt32(), reader.ReadString()));
            }
        }
        catch (Exception e) when (e is IOException or FormatException)
        {
            // The rest is no list. The images that are counted then do not fit the folder, which shows.
        }
        return faults;
    }
}
