using System.Reflection;
using System.Reflection.Emit;

namespace Orleans.Serialization;

/// <summary>A field of an object, init-only ones included, with the way to write and read it.</summary>
internal abstract class MemberField
{
    public abstract FieldKind Kind { get; }

    public static MemberField Create(WireCodecs codecs, FieldInfo field)
        => (MemberField)Activator.CreateInstance(typeof(MemberField<>).MakeGenericType(field.FieldType), codecs, field)!;

    public abstract void Write(WireWriter writer, object owner);

    public abstract void Read(WireReader reader, object owner);

    protected static Delegate CompileGetter(FieldInfo field, Type type)
    {
        var method = new DynamicMethod("Get", field.FieldType, [typeof(object)], typeof(MemberField).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        LoadOwner(il, field);
        il.Emit(OpCodes.Ldfld, field);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate(type);
    }

    // IL because init-only fields are assigned, which neither expressions nor C# can do.
    protected static Delegate CompileSetter(FieldInfo field, Type type)
    {
        var method = new DynamicMethod("Set", null, [typeof(object), field.FieldType], typeof(MemberField).Module, skipVisibility: true);
        ILGenerator il = method.GetILGenerator();
        LoadOwner(il, field);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Stfld, field);
        il.Emit(OpCodes.Ret);
        return method.CreateDelegate(type);
    }

    private static void LoadOwner(ILGenerator il, FieldInfo field)
    {
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(field.DeclaringType!.IsValueType ? OpCodes.Unbox : OpCodes.Castclass, field.DeclaringType);
    }
}
