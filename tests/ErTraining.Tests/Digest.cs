using System.Security.Cryptography;

namespace ErTraining.Tests;

/// <summary>Many bytes in a few characters: NUnit compares arrays number by number, which takes seconds for the weights of a network.</summary>
internal static class Digest
{
    /// <summary>SHA-256 of bytes.</summary>
    public static string Of(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>SHA-256 of a file.</summary>
    public static string OfFile(string path) => Of(File.ReadAllBytes(path));
}
