using System.Reflection;
using System.Reflection.Emit;

namespace Orleans.Serialization;

/// <summary>Copies an object of a [GenerateSerializer] type: a shallow clone, whose fields are then replaced by copies where they need it.</summary>
internal sealed class MemberCopier : TypeCopier
{
    private static readonly Func<object, object> Clone =
        typeof(object).GetMethod("MemberwiseClone", BindingFlags.Instance | BindingFlags.NonPublic)!.CreateDelegate<Func<object, object>>();

    private static readonly MethodInfo CopyOf = typeof(CopyContext).GetMethod(nameof(CopyContext.CopyOf))!;

    private readonly bool _isReference;
    private readonly Action<object, CopyContext>? _copyFields;

    public MemberCopier(SerializableType type)
    {
        _isReference = !type.Type.IsValueType;
        FieldInfo[] deep = [.. type.Included.Where(f => !TypeCopierFactory.IsShallow(f.FieldType) && !SerializableType.IsImmutable(f))];
        if (deep.Length + type.Excluded.Count > 0)
            _copyFields = Compile(type, deep);
    }

    public override bool IsReference => _isReference;

    public override object Copy(object value, CopyContext context)
    {
        object copy = Clone(value);
        if (_isReference)
            context.Add(value, copy);
        _copyFields?.Invoke(copy, context);
        return copy;
    }

    // Written in IL because init-only fields are assigned, which neither expressions nor C# can do.
    private static Action<object, CopyContext> Compile(SerializableType type, FieldInfo[] deep)
    {
        var method = new DynamicMethod("CopyFields", null, [typeof(object), typeof(CopyContext)], typeof(MemberCopier).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        foreach (FieldInfo field in deep)
        {
            LoadObject(il, type.Type, field);
            il.Emit(OpCodes.Ldarg_1);
            LoadObject(il, type.Type, field);
            il.Emit(OpCodes.Ldfld, field);
            il.Emit(OpCodes.Call, CopyOf.MakeGenericMethod(field.FieldType));
            il.Emit(OpCodes.Stfld, field);
        }

        foreach (FieldInfo field in type.Excluded)
            EmitClear(il, type.Type, field);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate<Action<object, CopyContext>>();
    }

    private static void EmitClear(ILGenerator il, Type type, FieldInfo field)
    {
        LoadObject(il, type, field);
        LocalBuilder nothing = il.DeclareLocal(field.FieldType);
        il.Emit(OpCodes.Ldloc, nothing);
        il.Emit(OpCodes.Stfld, field);
    }

    private static void LoadObject(ILGenerator il, Type type, FieldInfo field)
    {
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(type.IsValueType ? OpCodes.Unbox : OpCodes.Castclass, type.IsValueType ? type : field.DeclaringType!);
    }
}
