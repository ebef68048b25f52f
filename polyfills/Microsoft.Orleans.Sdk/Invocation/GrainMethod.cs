using System.Linq.Expressions;
using System.Reflection;
using Orleans.Concurrency;
using Orleans.Serialization;

namespace Orleans.Runtime.Invocation;

/// <summary>A method of a grain interface: how it is called, what its arguments need, how its result is awaited.</summary>
internal sealed class GrainMethod
{
    private readonly Lazy<Func<object, object?[], object?>> _invoke;
    private readonly ArgumentCodec?[] _codecs;

    public GrainMethod(GrainInterface grainInterface, MethodInfo info)
    {
        Interface = grainInterface;
        Info = info;
        Parameters = info.GetParameters();
        Check();
        IsOneWay = info.IsDefined(typeof(OneWayAttribute), inherit: true) || info.ReturnType == typeof(void);
        IsReadOnly = info.IsDefined(typeof(ReadOnlyAttribute), inherit: true);
        AlwaysInterleaves = info.IsDefined(typeof(AlwaysInterleaveAttribute), inherit: true);
        ResponseTimeout = info.GetCustomAttribute<ResponseTimeoutAttribute>()?.Timeout;
        CancellationIndex = Array.FindIndex(Parameters, p => p.ParameterType == typeof(CancellationToken));
        PassesUncopied = Array.ConvertAll(Parameters, p => p.IsDefined(typeof(ImmutableAttribute)));
        ReturnsUncopied = info.ReturnParameter.IsDefined(typeof(ImmutableAttribute));
        Return = MethodReturn.For(info.ReturnType) ?? throw Unusable($"returns {info.ReturnType}; grain methods return Task, ValueTask, IAsyncEnumerable or void");
        Key = KeyOf(info);
        _codecs = new ArgumentCodec?[Parameters.Length];
        _invoke = new(CompileInvoker);
    }

    /// <summary>The method's name in messages: its alias, or its name with the types of its parameters.</summary>
    public string Key { get; }

    public GrainInterface Interface { get; }

    public MethodInfo Info { get; }

    public ParameterInfo[] Parameters { get; }

    public bool IsOneWay { get; }

    public bool IsReadOnly { get; }

    public bool AlwaysInterleaves { get; }

    public TimeSpan? ResponseTimeout { get; }

    /// <summary>The position of the CancellationToken parameter; negative when there is none.</summary>
    public int CancellationIndex { get; }

    /// <summary>Per parameter: whether it is marked [Immutable].</summary>
    public bool[] PassesUncopied { get; }

    public bool ReturnsUncopied { get; }

    public MethodReturn Return { get; }

    /// <summary>Calls the method and returns what it returns: a task, a stream, or null.</summary>
    public object? Invoke(object target, object?[] arguments) => _invoke.Value(target, arguments);

    public ArgumentCodec ParameterCodec(WireCodecs codecs, int index) => _codecs[index] ??= ArgumentCodec.Create(codecs, Parameters[index].ParameterType);

    private static string KeyOf(MethodInfo info)
        => info.GetCustomAttribute<AliasAttribute>()?.Alias ?? $"{info.Name}({string.Join(',', info.GetParameters().Select(p => p.ParameterType.Name))})";

    private void Check()
    {
        if (Info.IsGenericMethodDefinition)
            throw Unusable("is generic, which this stand-in does not support");
        if (Array.Find(Parameters, p => p.ParameterType.IsByRef) is { } byReference)
            throw Unusable($"has the parameter '{byReference.Name}', which is passed by reference");
        if (Parameters.Count(p => p.ParameterType == typeof(CancellationToken)) > 1)
            throw Unusable("has more than one CancellationToken parameter");
        if (Info.IsDefined(typeof(OneWayAttribute), inherit: true) && Info.ReturnType.IsGenericType)
            throw Unusable("is one-way and so cannot have a result");
    }

    private NotSupportedException Unusable(string reason) => new($"Grain method {Interface.Type}.{Info.Name} {reason}.");

    private Func<object, object?[], object?> CompileInvoker()
    {
        ParameterExpression target = Expression.Parameter(typeof(object));
        ParameterExpression arguments = Expression.Parameter(typeof(object?[]));
        IEnumerable<Expression> values = Parameters.Select(
            (p, i) => Expression.Convert(Expression.ArrayIndex(arguments, Expression.Constant(i)), p.ParameterType));
        Expression call = Expression.Call(Expression.Convert(target, Info.DeclaringType!), Info, values);
        Expression body = Info.ReturnType == typeof(void)
            ? Expression.Block(call, Expression.Constant(null))
            : Expression.Convert(call, typeof(object));
        return Expression.Lambda<Func<object, object?[], object?>>(body, target, arguments).Compile();
    }
}
