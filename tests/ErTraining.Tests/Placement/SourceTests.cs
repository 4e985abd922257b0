using ErLoss.Package.Tests;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace ErTraining.Tests.Placement;

/// <summary>What the program's source says of devices: where tensors are made, and where random numbers are drawn.</summary>
internal sealed class SourceTests
{
    private const string Torch = "TorchSharp.torch";

    /// <summary>What is on its argument's device, or keeps a tensor where it is, unless another is named.</summary>
    private static readonly string[] s_following = ["zeros_like", "ones_like", "empty_like", "full_like", "rand_like", "randn_like", "to"];

    /// <summary>What draws from a generator, torch's own unless it is given one.</summary>
    private static readonly string[] s_drawing =
        ["rand", "randn", "randint", "randperm", "rand_like", "randn_like", "randint_like", "normal", "bernoulli", "multinomial", "poisson", "dropout"];

    private static readonly string[] s_projects = ["ErLoss.SelfSupervised", "ErLoss.Training", "ErTraining"];

    private static readonly Lazy<IReadOnlyList<Call>> s_calls = new(() => [.. Calls()]);

    [Test]
    public void Whatever_makes_a_tensor_names_a_device()
    {
        Call[] factories = [.. s_calls.Value.Where(call => call.Device is not null && !s_following.Contains(call.Name))];
        Assert.Multiple(() =>
        {
            Assert.That(factories.Where(call => call.Device!.ArgumentKind == ArgumentKind.DefaultValue).Select(call => call.Place), Is.Empty);
            Assert.That(factories.Select(call => call.Name), Is.SupersetOf(["rand", "zeros", "tensor", "arange", "Linear"]), "the check sees nothing");
        });
    }

    [Test]
    public void Whatever_draws_a_random_number_does_so_on_the_CPU()
    {
        Call[] draws = [.. s_calls.Value.Where(call => s_drawing.Contains(call.Name)), .. s_calls.Value.Where(call => call.Name == "Generator")];
        Assert.Multiple(() =>
        {
            Assert.That(draws.Where(call => call.Device?.Value.Syntax.ToString() != "CPU").Select(call => call.Place), Is.Empty);
            Assert.That(draws.Select(call => call.Name), Is.SupersetOf(["rand", "randn", "Generator"]), "the check sees nothing");
        });
    }

    /// <summary>A number that is put into a part of a tensor by an index becomes a tensor first, on the default device.</summary>
    [Test]
    public void Nothing_is_put_into_a_tensor_by_an_index() =>
        Assert.That(s_calls.Value.Where(call => call.Name == "this[]").Select(call => call.Place), Is.Empty);

    /// <summary>A call of TorchSharp.</summary>
    /// <param name="Name">Of the method, the type that is made, or "this[]" for an indexer that is written to.</param>
    /// <param name="Device">What it is given as the device that it may take, if it may.</param>
    /// <param name="Place">File and line, and the call.</param>
    private sealed record Call(string Name, IArgumentOperation? Device, string Place);

    private static IEnumerable<Call> Calls()
    {
        string root = Path.Combine(Repository.Root, "src");
        SyntaxTree[] trees =
        [
            .. from project in s_projects
               from file in Directory.GetFiles(Path.Combine(root, project), "*.cs", SearchOption.AllDirectories)
               where !Path.GetRelativePath(root, file).Split(Path.DirectorySeparatorChar)[1].StartsWith("obj", StringComparison.Ordinal)
               select CSharpSyntaxTree.ParseText(File.ReadAllText(file), path: file),
            CSharpSyntaxTree.ParseText("global using System; global using System.IO; global using System.Linq; global using System.Collections.Generic; global using System.Threading; global using System.Threading.Tasks;"),
        ];
        // The projects' own assemblies are left out: their types are those of the source.
        IEnumerable<MetadataReference> references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => !s_projects.Contains(Path.GetFileNameWithoutExtension(path)))
            .Select(path => MetadataReference.CreateFromFile(path));
        var compilation = CSharpCompilation.Create("Source", trees, references, new CSharpCompilationOptions(OutputKind.ConsoleApplication));
        foreach (SyntaxTree tree in trees.Where(tree => tree.ToString().Contains("TorchSharp", StringComparison.Ordinal))) // the others cannot call it
        {
            SemanticModel model = compilation.GetSemanticModel(tree);
            foreach (SyntaxNode node in tree.GetRoot().DescendantNodes())
            {
                (string Name, IEnumerable<IArgumentOperation> Arguments)? call = node switch
                {
                    InvocationExpressionSyntax or BaseObjectCreationExpressionSyntax => model.GetOperation(node) switch
                    {
                        IInvocationOperation invocation when IsTorch(invocation.TargetMethod) => (invocation.TargetMethod.Name, invocation.Arguments),
                        IObjectCreationOperation { Constructor: { } constructor } creation when IsTorch(constructor) => (constructor.ContainingType.Name, creation.Arguments),
                        _ => null,
                    },
                    AssignmentExpressionSyntax assignment when model.GetOperation(assignment.Left) is IPropertyReferenceOperation { Property.IsIndexer: true } indexed
                        && IsTorch(indexed.Property) => ("this[]", []),
                    _ => null,
                };
                if (call is { } found)
                {
                    FileLinePositionSpan place = tree.GetLineSpan(node.Span);
                    yield return new Call(
                        found.Name,
                        found.Arguments.FirstOrDefault(argument => argument.Parameter?.Type.ToDisplayString(NullableFlowState.None) == $"{Torch}.Device"),
                        $"{Path.GetRelativePath(root, place.Path)}:{place.StartLinePosition.Line + 1}: {node}");
                }
            }
        }
    }

    private static bool IsTorch(ISymbol symbol) => symbol.ContainingAssembly?.Name == "TorchSharp";
}
