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

    private const int LeastEvaluations = 10; // however busy the machine is; idle, it is thousands

    [Test]
    public void ProgramsRunWithTheMendedAssemblyAndThePackageCacheKeepsTheOriginal()
    {
        Assert.That(TorchSharpAssembly.KeepsArguments(typeof(torch).Assembly.Location));
        Assert.That(TorchSharpAssembly.KeepsArguments(TorchSharpAssembly.InPackageCache), Is.False);
    }

    [Test]
    public void EachMethodOfATensorThatCallsNativeCodeEndsWithKeepAlive()
    {
        MethodInfo[] native = [.. typeof(Tensor).GetMethods(All).Where(method => !method.IsAbstract && Calls(method).Any(called => called.Attributes.HasFlag(MethodAttributes.PinvokeImpl)))];
        MethodInfo[] unkept = [.. native.Where(method => method.Name != "Finalize" && !EndsWithKeepAlive(method))];
        TestContext.Out.WriteLine($"{native.Length} methods");
        Assert.That(native, Has.Length.GreaterThan(300));
        Assert.That(unkept.Select(method => method.Name), Is.Empty);
    }

    /// <summary>
    /// What is stored in a variable for objects, just before its handle is read, is an object. Of a span there, the collector would take the address for an object's and write its marks over the first element.
    /// </summary>
    [Test]
    public void WhatIsStoredToLiveLongerIsAnObject()
    {
        Type[] stored = [.. typeof(torch).Assembly.GetTypes().SelectMany(type => type.GetMethods(All | BindingFlags.Static)).SelectMany(StoredBeforeACall)];
        Assert.That(stored, Has.Length.GreaterThan(50).And.Some.EqualTo(typeof(Tensor[])));
        Assert.That(stored.Where(type => type.IsValueType), Is.Empty);
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
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        var collector = new Thread(() =>
        {
            while (!end.IsCancellationRequested)
            {
                GC.Collect(0);
                GC.WaitForPendingFinalizers();
            }
        });
        collector.Start();
        int evaluations = 0;
        try
        {
            for (; !end.IsCancellationRequested; evaluations++)
            {
                Assert.That(evaluate(), Is.EqualTo(expected));
            }
        }
        finally
        {
            end.Cancel();
            collector.Join();
        }
        Assert.That(evaluations, Is.GreaterThan(LeastEvaluations));
    }

    /// <summary>The methods of TorchSharp that a method calls, as the places of its code look that hold a call and a known method's token.</summary>
    private static IEnumerable<MethodBase> Calls(MethodInfo method)
    {
        byte[] code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (int i = 0; i + 5 <= code.Length; i++)
        {
            if (code[i] == OpCodes.Call.Value && Called(method, code, i) is { } called)
            {
                yield return called;
            }
        }
    }

    /// <summary>The types that called methods take first, where that first argument is duplicated and stored in a local variable just before the call.</summary>
    private static IEnumerable<Type> StoredBeforeACall(MethodInfo method)
    {
        byte[] code = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (int i = 0; i + 10 <= code.Length; i++)
        {
            bool isStored = code[i] == OpCodes.Dup.Value && code[i + 1] == OpCodes.Prefix1.Value && code[i + 2] == (OpCodes.Stloc.Value & 0xff);
            if (isStored && (code[i + 5] == OpCodes.Call.Value || code[i + 5] == OpCodes.Callvirt.Value) && Called(method, code, i + 5) is { } called)
            {
                yield return called.IsStatic ? called.GetParameters()[0].ParameterType : called.DeclaringType!;
            }
        }
    }

    private static MethodBase? Called(MethodInfo method, byte[] code, int place)
    {
        try
        {
            return method.Module.ResolveMethod(BitConverter.ToInt32(code, place + 1), method.DeclaringType!.GetGenericArguments(), method.GetGenericArguments());
        }
        catch (ArgumentException)
        {
            return null; // no call, but a part of another instruction
        }
    }

    /// <summary>Whether the last instructions are a call of GC.KeepAlive and the return.</summary>
    private static bool EndsWithKeepAlive(MethodInfo method) =>
        method.GetMethodBody()!.GetILAsByteArray() is { Length: >= 6 } code
        && code[^1] == OpCodes.Ret.Value && code[^6] == OpCodes.Call.Value && Called(method, code, code.Length - 6) is { Name: nameof(GC.KeepAlive) };
}
