using System.Diagnostics;
using System.Reflection;
using System.Reflection.Emit;
using TorchSharp;
using static TorchSharp.torch;

namespace ErLoss.Package.Tests;

/// <summary>
/// In what this repository builds, no tensor and no number is freed while native code is about to read it. Under TorchSharp as it is published, operations on numbers fail within a second
/// of collections, and tensors outside scopes end the process.
/// </summary>
[NonParallelizable]
public class ArgumentsAliveTests
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private const int LeastEvaluations = 10; // however long a busy machine takes for them; idle, it makes thousands in a second

    [Test]
    public void ProgramsRunWithTheMendedAssemblyAndThePackageCacheKeepsTheOriginal()
    {
        Assert.That(TorchSharpAssembly.KeepsArguments(typeof(torch).Assembly.Location));
        Assert.That(TorchSharpAssembly.KeepsArguments(TorchSharpAssembly.InPackageCache), Is.False);
    }

    [Test]
    public void EachMethodOfATensorThatCallsNativeCodeEndsWithKeepAlive()
    {
        MethodInfo[] native = [.. typeof(Tensor).GetMethods(All).Where(method => !method.IsAbstract && CallsNativeCode(method))];
        MethodInfo[] unkept = [.. native.Where(method => method.Name != "Finalize" && !EndsWithKeepAlive(method))];
        TestContext.Out.WriteLine($"{native.Length} methods");
        Assert.That(native, Has.Length.GreaterThan(300));
        Assert.That(unkept.Select(method => method.Name), Is.Empty);
    }

    /// <summary>
    /// What lives longer is an object. Of a span, say, the collector would take the address in it for an object's and write its marks over the first element.
    /// </summary>
    [Test]
    public void WhatLivesLongerIsAnObject()
    {
        (string Method, Type? Kept)[] kept = [.. IntermediateCode.MethodsOf(typeof(torch).Assembly).SelectMany(method => Kept(method).Select(type => (method.ToString()!, type)))];
        Assert.That(kept.Select(of => of.Kept).ToArray(), Has.Length.GreaterThan(3000).And.Some.EqualTo(typeof(Tensor[])).And.Some.EqualTo(typeof(Scalar)));
        Assert.That(kept.Where(of => of.Kept is not { IsValueType: false, IsByRef: false, IsPointer: false, IsGenericParameter: false }), Is.Empty);
    }

    /// <summary>The finalizer of an optimizer disposes of its state, and that of a layer normalisation of its weights, which are no arguments.</summary>
    [TestCase(typeof(TorchSharp.Modules.LayerNorm))]
    [TestCase(typeof(TorchSharp.Modules.Adam))]
    [TestCase(typeof(TorchSharp.Modules.OptimizerHelper))]
    public void EachMethodOfAnObjectThatIsFinalizedEndsWithKeepAlive(Type type)
    {
        MethodInfo[] methods = [.. type.GetMethods(All).Where(method => !method.IsAbstract && IntermediateCode.Of(method)[^1].Code == OpCodes.Ret)];
        Assert.That(methods, Is.Not.Empty);
        Assert.That(methods.Where(method => !EndsWithKeepAlive(method)), Is.Empty);
    }

    /// <summary>Each number becomes an object of its own, which nothing refers to but the call.</summary>
    [Test]
    public void NumbersLiveUntilNativeCodeHasReadThem() => UnderCollections(() =>
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor x = ones(1, dtype: ScalarType.Float64);
        for (int i = 0; i < 20; i++)
        {
            x = x.pow(2.0);
        }
        return x.item<double>();
    }, 1);

    /// <summary>Without a scope nothing refers to a tensor between the operations of an expression.</summary>
    [Test]
    public void TensorsWithoutAScopeLiveUntilNativeCodeHasReadThem() => UnderCollections(
        () => ones(4, dtype: ScalarType.Float64).mul(full([4], 16.0, dtype: ScalarType.Float64)).abs().neg().neg().sum().item<double>(), 64);

    /// <summary>The handles are read by a helper of the method that is called, and the array is used no more.</summary>
    [Test]
    public void TensorsOfAnArrayLiveUntilNativeCodeHasReadThem() => UnderCollections(
        () =>
        {
            Tensor[] rows = [.. OneByOne()];
            return cat(rows).sum().item<double>() + vstack([.. OneByOne()]).sum().item<double>();
        }, 32);

    /// <summary>Nothing but the method that reads its handle ever refers to such a tensor.</summary>
    [Test]
    public void TensorsThatAreMadeWhileHandlesAreReadLiveUntilNativeCodeHasReadThem() => UnderCollections(() => stack(OneByOne()).sum().item<double>(), 16);

    /// <summary>The numbers become objects in a helper that returns before the script runs.</summary>
    [Test]
    public void NumbersOfAScriptLiveUntilItHasRun()
    {
        using jit.CompilationUnit script = jit.compile("def scaled(x, factor: float):\n  return x * factor\n");
        UnderCollections(() => ((Tensor)script.invoke("scaled", ones(4, dtype: ScalarType.Float64), 16.0)).sum().item<double>(), 64);
    }

    private static IEnumerable<Tensor> OneByOne() => Enumerable.Range(0, 4).Select(_ => ones(4, dtype: ScalarType.Float64).abs());

    private static void UnderCollections(Func<double> evaluate, double expected)
    {
        using var end = new CancellationTokenSource();
        var collector = new Thread(() =>
        {
            while (!end.IsCancellationRequested)
            {
                GC.Collect(0);
                GC.WaitForPendingFinalizers();
            }
        });
        collector.Start();
        try
        {
            var time = Stopwatch.StartNew();
            for (int evaluations = 0; evaluations < LeastEvaluations || time.Elapsed < TimeSpan.FromSeconds(1); evaluations++)
            {
                Assert.That(evaluate(), Is.EqualTo(expected));
            }
        }
        finally
        {
            end.Cancel();
            collector.Join();
        }
    }

    private static bool CallsNativeCode(MethodInfo method) => IntermediateCode.Of(method)
        .Any(instruction => instruction.Code == OpCodes.Call && IntermediateCode.Member(method, instruction) is MethodInfo called && called.Attributes.HasFlag(MethodAttributes.PinvokeImpl));

    /// <summary>Whether the last instructions are a call of GC.KeepAlive and the return.</summary>
    private static bool EndsWithKeepAlive(MethodInfo method) => IntermediateCode.Of(method) is [.., var call, var end] && end.Code == OpCodes.Ret && IntermediateCode.KeepsAlive(method, call);

    /// <summary>The types of what a method passes to GC.KeepAlive: of its arguments, and of all that it stores in the variables that it passes. A type is null if it is not known.</summary>
    private static IEnumerable<Type?> Kept(MethodBase method)
    {
        IntermediateCode.Instruction[] code = IntermediateCode.Of(method);
        foreach (int call in Enumerable.Range(0, code.Length).Skip(1).Where(i => IntermediateCode.KeepsAlive(method, code[i])))
        {
            IntermediateCode.Instruction load = code[call - 1];
            IEnumerable<Type?> types = load.Code == OpCodes.Ldarg ? [TypeOfArgument(method, load.Operand)]
                : load.Code == OpCodes.Ldloc ? Enumerable.Range(0, call).Where(i => code[i].Code == OpCodes.Stloc && code[i].Operand == load.Operand).Select(i => TypeOfStored(method, code, i))
                : [null];
            foreach (Type? type in types)
            {
                yield return type;
            }
        }
    }

    private static Type TypeOfArgument(MethodBase method, int index) =>
        method.IsStatic ? method.GetParameters()[index].ParameterType : index == 0 ? method.DeclaringType! : method.GetParameters()[index - 1].ParameterType;

    /// <summary>What is stored was duplicated before. The duplicate is what the next instruction reads a handle of, behind those that give a script's list the object.</summary>
    private static Type? TypeOfStored(MethodBase method, IntermediateCode.Instruction[] code, int store)
    {
        IntermediateCode.Instruction reading = code[store + 1].Code == OpCodes.Ldarg ? code[store + 5] : code[store + 1];
        return code[store - 1].Code != OpCodes.Dup ? null : IntermediateCode.Member(method, reading) switch
        {
            MethodInfo { IsStatic: true } called => called.GetParameters() is [var only] ? only.ParameterType : null,
            MethodInfo called when called.GetParameters() is [] => called.DeclaringType,
            FieldInfo field when reading.Code == OpCodes.Ldfld => field.DeclaringType,
            _ => null,
        };
    }
}
