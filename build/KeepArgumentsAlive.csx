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
/// native code, or passes an address on to a method that does, or reads memory by an address ends with GC.KeepAlive for its own object, its arguments,
/// and all other objects whose handle it reads, as the documentation of GC.KeepAlive asks. GC.KeepAlive costs no instruction.
/// An argument does not hold every object: an IEnumerable may make its tensors one by one, and a span is no object. Such a method copies them into an array first.
/// The numbers among the arguments of a script are stored in the object that allocates the native array of arguments, since that array outlives the method that fills it.
/// Some finalizers dispose of other objects: an optimizer's of its state, a layer normalisation's of its weights. Thus each method of an object that is finalized is among these methods.
/// </remarks>
public sealed class KeepArgumentsAlive : Microsoft.Build.Utilities.Task
{
    /// <summary>The name of the assembly's metadata attribute that says what was done.</summary>
    private const string Mark = "KeepsArgumentsAlive";

    private const string HandlesOf = "ToHandleArray", ScriptArguments = "NativeTensorOrScalarIndexedArray";

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
            if (!module.GetTypes().SelectMany(type => type.Methods).Any(CallsNativeCode))
            {
                return 0;
            }
            List<MethodDefinition> methods = module.GetTypes().SelectMany(type => type.Methods).Where(method => CallsNativeCode(method) || UsesAddress(method) || MayBeFinalizedDuring(method, finalized)).ToList();
            FieldDefinition kept = AddFieldOfKept(module);
            foreach (MethodDefinition method in methods)
            {
                CopyBeforeHandlesAreRead(method);
                Mend(method, keepAlive, finalized, kept);
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

    private static bool UsesAddress(MethodDefinition method)
    {
        return method.HasBody && method.Body.Instructions.Any(instruction =>
            (instruction.Operand is MethodReference called && (IsAddress(called.ReturnType) || called.Parameters.Any(parameter => IsAddress(parameter.ParameterType))))
            || (instruction.Operand is FieldReference field && IsAddress(field.FieldType)));
    }

    private static bool MayBeFinalizedDuring(MethodDefinition method, HashSet<TypeDefinition> finalized)
    {
        TypeDefinition type = method.DeclaringType;
        while (type != null && !finalized.Contains(type))
        {
            type = type.BaseType?.GetElementType() as TypeDefinition; // null if another assembly has it
        }
        return type != null && method.HasBody && method.HasThis;
    }

    private static bool IsAddress(TypeReference type)
    {
        return type.IsPointer || (type is ArrayType array ? array.ElementType : type).MetadataType == MetadataType.IntPtr;
    }

    /// <summary>What an IEnumerable or a span yields is put into an array, which <see cref="Mend"/> then keeps.</summary>
    private static void CopyBeforeHandlesAreRead(MethodDefinition method)
    {
        ILProcessor processor = method.Body.GetILProcessor();
        foreach (Instruction reading in method.Body.Instructions.Where(ReadsHandles).Where(_ => method.Name != HandlesOf).ToList())
        {
            var read = (MethodReference)reading.Operand;
            if (!(read.Parameters[0].ParameterType is GenericInstanceType source))
            {
                continue;
            }
            if (source.Name == "IEnumerable`1")
            {
                var copy = new GenericInstanceMethod(method.Module.GetMemberReferences().OfType<MethodReference>()
                    .First(known => known.Name == "ToArray" && known.DeclaringType.FullName == "System.Linq.Enumerable").GetElementMethod());
                copy.GenericArguments.Add(source.GenericArguments[0]);
                Insert(reading, processor, Instruction.Create(OpCodes.Call, copy));
            }
            else if (source.Name == "ReadOnlySpan`1")
            {
                var span = new VariableDefinition(source);
                method.Body.Variables.Add(span);
                var copy = new MethodReference("ToArray", new ArrayType(source.ElementType.GenericParameters[0]), source) { HasThis = true };
                MethodDefinition ofArray = ((MethodDefinition)read).DeclaringType.Methods
                    .First(other => other.Name == HandlesOf && other.Parameters[0].ParameterType is ArrayType);
                reading.Operand = ofArray;
                Insert(reading, processor, Instruction.Create(OpCodes.Stloc, span), Instruction.Create(OpCodes.Ldloca, span), Instruction.Create(OpCodes.Call, copy));
            }
        }
    }

    /// <summary>Adds to the object that allocates a script's arguments the list of what must live as long.</summary>
    private static FieldDefinition AddFieldOfKept(ModuleDefinition module)
    {
        TypeDefinition owner = module.GetTypes().First(type => type.Name == ScriptArguments);
        var list = new GenericInstanceType(module.GetTypeReferences().First(type => type.FullName == "System.Collections.Generic.List`1")) { GenericArguments = { module.TypeSystem.Object } };
        var field = new FieldDefinition(Mark, FieldAttributes.Assembly | FieldAttributes.InitOnly, list);
        owner.Fields.Add(field);
        foreach (MethodDefinition constructor in owner.Methods.Where(method => method.IsConstructor && !method.IsStatic))
        {
            ILProcessor processor = constructor.Body.GetILProcessor();
            Insert(constructor.Body.Instructions[0], processor, Instruction.Create(OpCodes.Ldarg_0),
                Instruction.Create(OpCodes.Newobj, new MethodReference(".ctor", module.TypeSystem.Void, list) { HasThis = true }), Instruction.Create(OpCodes.Stfld, field));
        }
        return field;
    }

    private static void Mend(MethodDefinition method, MethodReference keepAlive, HashSet<TypeDefinition> finalized, FieldDefinition kept)
    {
        LengthenBranches(method);
        ILProcessor processor = method.Body.GetILProcessor();
        List<Instruction> loads = LoadsOfArguments(method).ToList();
        ParameterDefinition script = method.Parameters.FirstOrDefault(parameter => parameter.ParameterType.Name == ScriptArguments);
        foreach (Instruction reading in method.Body.Instructions.Where(instruction => ReadsHandle(instruction, finalized) || ReadsHandlesOfObject(instruction)).ToList())
        {
            if (reading.Previous == null || !ArgumentLoads.Contains(reading.Previous.OpCode.Code)) // An argument is kept already.
            {
                VariableDefinition variable = Remember(reading, method, processor);
                loads.Add(Instruction.Create(OpCodes.Ldloc, variable));
                if (script != null)
                {
                    var add = new MethodReference("Add", method.Module.TypeSystem.Void, kept.FieldType) { HasThis = true };
                    add.Parameters.Add(new ParameterDefinition(((GenericInstanceType)kept.FieldType).ElementType.GenericParameters[0]));
                    Instruction again = reading.Next.Next;
                    Insert(again, processor, Instruction.Create(OpCodes.Ldarg, script), Instruction.Create(OpCodes.Ldfld, kept),
                        Instruction.Create(OpCodes.Ldloc, variable), Instruction.Create(OpCodes.Callvirt, add));
                }
            }
        }
        foreach (Instruction end in method.Body.Instructions.Where(instruction => instruction.OpCode.Code == Code.Ret).Where(_ => loads.Count > 0).ToList())
        {
            Insert(end, processor, loads.SelectMany(load => new[] { Copy(load), Instruction.Create(OpCodes.Call, keepAlive) }).ToArray());
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

    private static bool ReadsHandles(Instruction instruction)
    {
        return instruction.Operand is MethodDefinition { Name: HandlesOf };
    }

    /// <summary>A span is no object: the collector would take the address in it for an object's, and write its marks over the first element.</summary>
    private static bool ReadsHandlesOfObject(Instruction instruction)
    {
        return ReadsHandles(instruction) && !((MethodReference)instruction.Operand).Parameters[0].ParameterType.IsValueType;
    }

    /// <summary>Stores the object in a local variable before its handle is read.</summary>
    private static VariableDefinition Remember(Instruction reading, MethodDefinition method, ILProcessor processor)
    {
        var variable = new VariableDefinition(method.Module.TypeSystem.Object);
        method.Body.Variables.Add(variable);
        method.Body.InitLocals = true; // The path that was taken may not have stored anything.
        Insert(reading, processor, Instruction.Create(OpCodes.Dup), Instruction.Create(OpCodes.Stloc, variable));
        return variable;
    }

    /// <summary>Puts instructions before another one, which itself becomes the first of them, since a branch may lead to it.</summary>
    private static void Insert(Instruction place, ILProcessor processor, params Instruction[] before)
    {
        Instruction again = Copy(place), last = place;
        place.OpCode = before[0].OpCode;
        place.Operand = before[0].Operand;
        foreach (Instruction next in before.Skip(1).Append(again))
        {
            processor.InsertAfter(last, next);
            last = next;
        }
    }

    private static Instruction Copy(Instruction instruction)
    {
        Instruction copy = Instruction.Create(OpCodes.Nop);
        copy.OpCode = instruction.OpCode;
        copy.Operand = instruction.Operand;
        return copy;
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
        catch (Exception e) when ((e is IOException || e is UnauthorizedAccessException) && File.Exists(Destination)) // Another build was faster, or reads it.
        {
            File.Delete(written);
        }
    }
}
