using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using Microsoft.Build.Framework;
using Mono.Cecil;
using Mono.Cecil.Cil;

/// <summary>
/// Writes a copy of an assembly in which no object is finalized while native code still uses the handle that was taken from it.
/// </summary>
/// <remarks>
/// TorchSharp passes native code the handles of tensors and numbers, and the runtime may take an object for dead as soon as its handle has been
/// read: if a garbage collection comes at that moment, the finalizer frees what the native code is about to read. Here every method that calls
/// native code itself ends with GC.KeepAlive for its own object, its arguments, and all other objects whose handle it reads, as the documentation
/// of GC.KeepAlive asks. Nothing else changes. GC.KeepAlive costs no instruction.
/// </remarks>
public sealed class KeepArgumentsAlive : Microsoft.Build.Utilities.Task
{
    /// <summary>The name of the assembly's metadata attribute that says what was done.</summary>
    private const string Mark = "KeepsArgumentsAlive";

    private static readonly Code[] ArgumentLoads = { Code.Ldarg, Code.Ldarg_S, Code.Ldarg_0, Code.Ldarg_1, Code.Ldarg_2, Code.Ldarg_3 };

    /// <summary>The assembly to read.</summary>
    [Required]
    public string Source { get; set; }

    /// <summary>The file to write. Whatever stands there is replaced at once, so that another build never reads half of it.</summary>
    [Required]
    public string Destination { get; set; }

    /// <summary>Writes the copy.</summary>
    public override bool Execute()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(Destination)));
        string written = Destination + "." + Guid.NewGuid().ToString("N");
        int count = Write(written);
        if (count == 0)
        {
            File.Delete(written);
            Log.LogError("{0}: no method calls native code, so that none can be mended.", Source);
            return false;
        }
        PutInPlace(written);
        Log.LogMessage(MessageImportance.Normal, "{0}: {1} methods keep their arguments alive.", Destination, count);
        return true;
    }

    private int Write(string path)
    {
        using (AssemblyDefinition assembly = AssemblyDefinition.ReadAssembly(Source))
        {
            ModuleDefinition module = assembly.MainModule;
            var finalized = new HashSet<TypeDefinition>(module.GetTypes().Where(type => type.Methods.Any(method => method.Name == "Finalize")));
            MethodReference keepAlive = Method(module, "System", "GC", "KeepAlive", false, module.TypeSystem.Object);
            List<MethodDefinition> methods = module.GetTypes().SelectMany(type => type.Methods).Where(CallsNativeCode).ToList();
            foreach (MethodDefinition method in methods)
            {
                Mend(method, keepAlive, finalized);
            }
            var mark = new CustomAttribute(Method(module, "System.Reflection", "AssemblyMetadataAttribute", ".ctor", true, module.TypeSystem.String, module.TypeSystem.String));
            mark.ConstructorArguments.Add(new CustomAttributeArgument(module.TypeSystem.String, Mark));
            mark.ConstructorArguments.Add(new CustomAttributeArgument(module.TypeSystem.String, "true"));
            assembly.CustomAttributes.Add(mark);
            module.Attributes &= ~ModuleAttributes.StrongNameSigned; // The name stays, the signature no longer fits.
            assembly.Write(path, new WriterParameters { DeterministicMvid = true });
            return methods.Count;
        }
    }

    private static MethodReference Method(ModuleDefinition module, string space, string type, string name, bool hasThis, params TypeReference[] parameters)
    {
        var declaring = new TypeReference(space, type, module, module.TypeSystem.CoreLibrary);
        var method = new MethodReference(name, module.TypeSystem.Void, declaring) { HasThis = hasThis };
        foreach (TypeReference parameter in parameters)
        {
            method.Parameters.Add(new ParameterDefinition(parameter));
        }
        return method;
    }

    private static bool CallsNativeCode(MethodDefinition method)
    {
        return method.HasBody && method.Body.Instructions.Any(instruction =>
            instruction.OpCode.Code == Code.Call && instruction.Operand is MethodDefinition called && called.IsPInvokeImpl);
    }

    private static void Mend(MethodDefinition method, MethodReference keepAlive, HashSet<TypeDefinition> finalized)
    {
        LengthenBranches(method);
        ILProcessor processor = method.Body.GetILProcessor();
        List<Instruction> loads = LoadsOfArguments(method).ToList();
        foreach (Instruction reading in method.Body.Instructions.Where(instruction => ReadsHandle(instruction, finalized)).ToList())
        {
            if (reading.Previous == null || !ArgumentLoads.Contains(reading.Previous.OpCode.Code)) // An argument is kept already.
            {
                loads.Add(Instruction.Create(OpCodes.Ldloc, Remember(reading, method, processor)));
            }
        }
        foreach (Instruction end in method.Body.Instructions.Where(instruction => instruction.OpCode.Code == Code.Ret).ToList())
        {
            KeepUntil(end, loads, keepAlive, processor);
        }
    }

    /// <summary>What lies between a branch and its target grows beyond the 127 bytes that a short branch reaches.</summary>
    private static void LengthenBranches(MethodDefinition method)
    {
        foreach (Instruction branch in method.Body.Instructions.Where(instruction => instruction.OpCode.OperandType == OperandType.ShortInlineBrTarget))
        {
            string shortName = branch.OpCode.Code.ToString(); // "Brtrue_S"
            branch.OpCode = (OpCode)typeof(OpCodes).GetField(shortName.Substring(0, shortName.Length - "_S".Length)).GetValue(null);
        }
    }

    private static IEnumerable<Instruction> LoadsOfArguments(MethodDefinition method)
    {
        if (method.HasThis && !method.DeclaringType.IsValueType)
        {
            yield return Instruction.Create(OpCodes.Ldarg, method.Body.ThisParameter);
        }
        foreach (ParameterDefinition parameter in method.Parameters)
        {
            TypeReference type = parameter.ParameterType;
            if (!type.IsValueType && !type.IsByReference && !type.IsPointer && !type.IsGenericParameter && type.MetadataType != MetadataType.String)
            {
                yield return Instruction.Create(OpCodes.Ldarg, parameter);
            }
        }
    }

    private static bool ReadsHandle(Instruction instruction, HashSet<TypeDefinition> finalized)
    {
        return (instruction.Operand is MethodDefinition getter && getter.Name == "get_Handle" && getter.ReturnType.MetadataType == MetadataType.IntPtr && finalized.Contains(getter.DeclaringType))
            || (instruction.OpCode.Code == Code.Ldfld && instruction.Operand is FieldDefinition field && field.FieldType.MetadataType == MetadataType.IntPtr && finalized.Contains(field.DeclaringType));
    }

    /// <summary>Stores the object in a local variable before its handle is read. The instruction itself becomes the first of the new ones, since a branch may lead to it.</summary>
    private static VariableDefinition Remember(Instruction reading, MethodDefinition method, ILProcessor processor)
    {
        var variable = new VariableDefinition(method.Module.TypeSystem.Object);
        method.Body.Variables.Add(variable);
        method.Body.InitLocals = true; // The path that was taken may not have stored anything.
        Instruction again = Instruction.Create(OpCodes.Nop), store = Instruction.Create(OpCodes.Stloc, variable);
        again.OpCode = reading.OpCode;
        again.Operand = reading.Operand;
        reading.OpCode = OpCodes.Dup;
        reading.Operand = null;
        processor.InsertAfter(reading, store);
        processor.InsertAfter(store, again);
        return variable;
    }

    private static void KeepUntil(Instruction end, List<Instruction> loads, MethodReference keepAlive, ILProcessor processor)
    {
        Instruction last = end;
        foreach (Instruction load in loads)
        {
            Instruction next = last == end ? end : Instruction.Create(OpCodes.Nop);
            next.OpCode = load.OpCode;
            next.Operand = load.Operand;
            if (next != end)
            {
                processor.InsertAfter(last, next);
            }
            last = Instruction.Create(OpCodes.Call, keepAlive);
            processor.InsertAfter(next, last);
        }
        if (last != end)
        {
            processor.InsertAfter(last, Instruction.Create(OpCodes.Ret));
        }
    }

    private void PutInPlace(string written)
    {
        try
        {
            if (File.Exists(Destination))
            {
                File.Replace(written, Destination, null);
            }
            else
            {
                File.Move(written, Destination);
            }
        }
        catch (IOException) when (File.Exists(Destination)) // Another build was faster, or reads it; what it wrote is the same.
        {
            File.Delete(written);
        }
    }
}
