using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace ErLoss.Package.Tests;

/// <summary>TorchSharp's managed assembly, and whether a build has mended it.</summary>
internal static class TorchSharpAssembly
{
    public const string FileName = "TorchSharp.dll";

    /// <summary>The original in the NuGet package cache.</summary>
    public static string InPackageCache { get; } = RestoredPackages.Folders
        .Select(folder => Path.Combine(folder, "torchsharp", TorchSharpLibrary.PackageVersion, "lib", "net8.0", FileName)).First(File.Exists);

    /// <summary>Whether its metadata say that its methods keep what they pass to native code.</summary>
    public static bool KeepsArguments(string path)
    {
        using var file = new PEReader(File.OpenRead(path));
        MetadataReader metadata = file.GetMetadataReader();
        return metadata.GetAssemblyDefinition().GetCustomAttributes()
            .Any(attribute => metadata.GetBlobReader(metadata.GetCustomAttribute(attribute).Value) is { Length: > 2 } value
                && value.ReadUInt16() == 1 && value.Length > 4 && SafeString(ref value) == "KeepsArgumentsAlive");
    }

    private static string? SafeString(ref BlobReader value)
    {
        try
        {
            return value.ReadSerializedString();
        }
        catch (BadImageFormatException)
        {
            return null; // an attribute of another constructor
        }
    }
}
