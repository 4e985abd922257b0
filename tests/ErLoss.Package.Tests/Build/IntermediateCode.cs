using System.Reflection;
using System.Reflection.Emit;

namespace ErLoss.Package.Tests;

/// <summary>The instructions of a method as its assembly holds them.</summary>
internal static class IntermediateCode
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<int, OpCode> s_codes = typeof(OpCodes).GetFields().Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value & 0xffff);

    private static readonly Dictionary<string, OpCode> s_ofVariables = new() { ["ldarg"] = OpCodes.Ldarg, ["ldloc"] = OpCodes.Ldloc, ["stloc"] = OpCodes.Stloc };

    /// <summary>All methods and constructors of an assembly.</summary>
    public static IEnumerable<MethodBase> MethodsOf(Assembly assembly) =>
        assembly.GetTypes().SelectMany(type => type.GetMethods(All).Concat<MethodBase>(type.GetConstructors(All)));

    /// <summary>The instructions, with a token, a number or the index of a variable as operand. The short forms that load and store variables are given as the long ones.</summary>
    public static Instruction[] Of(MethodBase method)
    {
        var instructions = new List<Instruction>();
        byte[] bytes = method.GetMethodBody()?.GetILAsByteArray() ?? [];
        for (int i = 0; i < bytes.Length;)
        {
            OpCode code = s_codes[bytes[i] == OpCodes.Prefix1.Value ? (bytes[i++] << 8) | bytes[i++] : bytes[i++]];
            int size = SizeOfOperand(code, bytes, i);
            int operand = size switch { 0 => 0, 1 => bytes[i], 2 => BitConverter.ToUInt16(bytes, i), _ => BitConverter.ToInt32(bytes, i) };
            string[] name = code.Name!.Split('.'); // "ldloc", "ldloc.s" or "ldloc.3"
            instructions.Add(s_ofVariables.TryGetValue(name[0], out OpCode form) ? new Instruction(form, size == 0 ? int.Parse(name[1]) : operand) : new Instruction(code, operand));
            i += size;
        }
        return [.. instructions];
    }

    /// <summary>The method or field that an instruction names.</summary>
    public static MemberInfo Member(MethodBase method, Instruction instruction) => method.Module.ResolveMember(
        instruction.Operand, method.DeclaringType!.GetGenericArguments(), method.IsGenericMethod ? method.GetGenericArguments() : null)!;

    /// <summary>Whether an instruction calls <see cref="GC.KeepAlive"/>.</summary>
    public static bool KeepsAlive(MethodBase method, Instruction instruction) =>
        instruction.Code == OpCodes.Call && Member(method, instruction) is { Name: nameof(GC.KeepAlive) } called && called.DeclaringType == typeof(GC);

    private static int SizeOfOperand(OpCode code, byte[] bytes, int place) => code.OperandType switch
    {
        OperandType.InlineNone => 0,
        OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
        OperandType.InlineVar => 2,
        OperandType.InlineI8 or OperandType.InlineR => 8,
        OperandType.InlineSwitch => 4 + (4 * BitConverter.ToInt32(bytes, place)),
        _ => 4,
    };

    /// <summary>An instruction.</summary>
    public readonly record struct Instruction(OpCode Code, int Operand);
}
