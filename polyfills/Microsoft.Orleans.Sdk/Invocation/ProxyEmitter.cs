using System.Linq.Expressions;
using System.Reflection;
using System.Reflection.Emit;

namespace Orleans.Runtime.Invocation;

/// <summary>
/// Writes the class of references by an interface: each method packs its arguments into an array and hands them, with the method's number, to the method of
/// <see cref="GrainReference"/> that fits its return type.
/// </summary>
internal sealed class ProxyEmitter
{
    private const BindingFlags Instance = BindingFlags.Instance | BindingFlags.NonPublic;
    private const MethodAttributes Implementation =
        MethodAttributes.Private | MethodAttributes.Virtual | MethodAttributes.Final | MethodAttributes.HideBySig | MethodAttributes.NewSlot;

    private static readonly ConstructorInfo BaseConstructor =
        typeof(GrainReference).GetConstructor(Instance, [typeof(GrainReferenceShared), typeof(IdSpan)])!;

    private readonly AssemblyBuilder _assembly;
    private readonly ModuleBuilder _module;
    private readonly ConstructorInfo _ignoreAccessChecks;
    private readonly HashSet<string> _opened = [];

    public ProxyEmitter()
    {
        _assembly = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Orleans.References"), AssemblyBuilderAccess.RunAndCollect);
        _module = _assembly.DefineDynamicModule("Orleans.References");
        _ignoreAccessChecks = EmitIgnoreAccessChecks();
    }

    public ProxyClass Emit(GrainInterface grainInterface)
    {
        Open(typeof(GrainReference).Assembly);
        OpenAssembliesOf(grainInterface.Type);
        TypeBuilder type = _module.DefineType(
            $"Reference.{grainInterface.Type.FullName}", TypeAttributes.Class | TypeAttributes.Sealed, typeof(GrainReference), [grainInterface.Type]);
        EmitConstructor(type);
        for (int i = 0; i < grainInterface.Methods.Length; i++)
            EmitMethod(type, grainInterface.Methods[i], i);
        return new ProxyClass(grainInterface, CompileCreate(type.CreateType()));
    }

    private static void EmitConstructor(TypeBuilder type)
    {
        ILGenerator il = type.DefineConstructor(
            MethodAttributes.Public, CallingConventions.Standard, [typeof(GrainReferenceShared), typeof(IdSpan)]).GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldarg_1);
        il.Emit(OpCodes.Ldarg_2);
        il.Emit(OpCodes.Call, BaseConstructor);
        il.Emit(OpCodes.Ret);
    }

    private static void EmitMethod(TypeBuilder type, GrainMethod method, int index)
    {
        MethodInfo info = method.Info;
        Type[] parameters = Array.ConvertAll(method.Parameters, p => p.ParameterType);
        MethodBuilder builder = type.DefineMethod($"{info.DeclaringType!.FullName}.{info.Name}", Implementation, info.ReturnType, parameters);
        ILGenerator il = builder.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Ldc_I4, index);
        EmitArguments(il, parameters);
        il.Emit(OpCodes.Call, CallerOf(method));
        il.Emit(OpCodes.Ret);
        type.DefineMethodOverride(builder, info);
    }

    private static void EmitArguments(ILGenerator il, Type[] parameters)
    {
        il.Emit(OpCodes.Ldc_I4, parameters.Length);
        il.Emit(OpCodes.Newarr, typeof(object));
        for (int i = 0; i < parameters.Length; i++)
        {
            il.Emit(OpCodes.Dup);
            il.Emit(OpCodes.Ldc_I4, i);
            il.Emit(OpCodes.Ldarg, (short)(i + 1));
            if (parameters[i].IsValueType)
                il.Emit(OpCodes.Box, parameters[i]);
            il.Emit(OpCodes.Stelem_Ref);
        }
    }

    private static MethodInfo CallerOf(GrainMethod method)
    {
        MethodInfo caller = typeof(GrainReference).GetMethod(method.Return.CallerName, Instance)!;
        return method.Return.ResultType is { } result ? caller.MakeGenericMethod(result) : caller;
    }

    private static Func<GrainReferenceShared, IdSpan, GrainReference> CompileCreate(Type type)
    {
        ParameterExpression shared = Expression.Parameter(typeof(GrainReferenceShared));
        ParameterExpression key = Expression.Parameter(typeof(IdSpan));
        Expression create = Expression.New(type.GetConstructor([typeof(GrainReferenceShared), typeof(IdSpan)])!, shared, key);
        return Expression.Lambda<Func<GrainReferenceShared, IdSpan, GrainReference>>(create, shared, key).Compile();
    }

    // Interfaces and the types in their signatures may be internal to their assemblies.
    private void OpenAssembliesOf(Type type)
    {
        foreach (Type inherited in type.GetInterfaces().Prepend(type))
        {
            Open(inherited.Assembly);
            foreach (MethodInfo method in inherited.GetMethods())
            {
                foreach (Type used in method.GetParameters().Select(p => p.ParameterType).Append(method.ReturnType))
                    OpenAll(used);
            }
        }
    }

    private void OpenAll(Type type)
    {
        Open(type.Assembly);
        foreach (Type argument in type.GenericTypeArguments)
            OpenAll(argument);
        if (type.GetElementType() is { } element)
            OpenAll(element);
    }

    private void Open(Assembly assembly)
    {
        string name = assembly.GetName().Name!;
        if (_opened.Add(name))
            _assembly.SetCustomAttribute(new CustomAttributeBuilder(_ignoreAccessChecks, [name]));
    }

    // The runtime knows this attribute by its name; no assembly of the framework has it.
    private ConstructorInfo EmitIgnoreAccessChecks()
    {
        TypeBuilder type = _module.DefineType(
            "System.Runtime.CompilerServices.IgnoresAccessChecksToAttribute", TypeAttributes.Class | TypeAttributes.Sealed, typeof(Attribute));
        ConstructorBuilder constructor = type.DefineConstructor(MethodAttributes.Public, CallingConventions.Standard, [typeof(string)]);
        ILGenerator il = constructor.GetILGenerator();
        il.Emit(OpCodes.Ldarg_0);
        il.Emit(OpCodes.Call, typeof(Attribute).GetConstructor(Instance, Type.EmptyTypes)!);
        il.Emit(OpCodes.Ret);
        return type.CreateType().GetConstructor([typeof(string)])!;
    }
}
