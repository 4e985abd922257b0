using System.Reflection;

namespace ErLoss.Package.Tests;

/// <summary>The version the library was built with.</summary>
internal static class LibraryVersion
{
    public static string Number { get; } = typeof(EntropyReconstructionLoss).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
}
