using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace Orleans.Serialization;

/// <summary>
/// Exceptions cross with type, message, inner exceptions and stack trace, and with the members of types that are marked with [GenerateSerializer]. A type that the
/// reader does not have becomes an <see cref="UnavailableExceptionFallbackException"/>.
/// </summary>
internal sealed class ExceptionCodec(WireCodecs codecs) : WireCodec<Exception>
{
    private readonly ConcurrentDictionary<Type, MemberLevel[]> _members = new();

    public override bool IsTracked => true;

    public override void Write(WireWriter writer, Exception value)
    {
        writer.WriteString(codecs.Names.NameOf(value.GetType()));
        writer.WriteString(value is AggregateException ? ExceptionParts.OwnMessage(value) : value.Message);
        writer.WriteString(value.StackTrace);
        writer.WriteInt32(value.HResult);
        Exception[] inner = value is AggregateException aggregate ? [.. aggregate.InnerExceptions] : value.InnerException is { } one ? [one] : [];
        codecs.Slot<Exception[]>().Write(writer, inner);
        int start = writer.Position;
        writer.WriteInt32(0);
        foreach (MemberLevel level in MembersOf(value.GetType()))
            level.Write(writer, value);
        writer.PatchInt32(start, writer.Position - start - sizeof(int));
    }

    public override Exception Read(WireReader reader)
    {
        int reference = reader.TakeReference();
        string typeName = reader.ReadString() ?? "";
        string? message = reader.ReadString();
        string? stackTrace = reader.ReadString();
        int hResult = reader.ReadInt32();
        Exception[] inner = codecs.Slot<Exception[]>().Read(reader) ?? [];
        int members = reader.ReadInt32();
        int end = reader.Position + members;
        Exception exception = Create(typeName, message, inner, reader);
        reader.Register(reference, exception);
        reader.Read(end - reader.Position);
        ExceptionParts.Set(exception, message, inner.FirstOrDefault(), stackTrace, hResult);
        return Checked(exception, typeName, message, inner);
    }

    private Exception Create(string typeName, string? message, Exception[] inner, WireReader reader)
    {
        if (codecs.Names.TryResolve(typeName) is not { IsAbstract: false, ContainsGenericParameters: false } type || !typeof(Exception).IsAssignableFrom(type))
            return new UnavailableExceptionFallbackException(typeName);
        if (type == typeof(AggregateException))
            return new AggregateException(message, inner);

        var exception = (Exception)RuntimeHelpers.GetUninitializedObject(type);
        foreach (MemberLevel level in MembersOf(type))
            level.Read(reader, exception);
        return exception;
    }

    // A class of the framework may compose its message of members that did not cross.
    private static Exception Checked(Exception exception, string typeName, string? message, Exception[] inner)
    {
        try
        {
            _ = exception.Message;
            return exception;
        }
        catch (Exception)
        {
            var fallback = new UnavailableExceptionFallbackException(typeName);
            ExceptionParts.Set(fallback, message, inner.FirstOrDefault(), null, exception.HResult);
            return fallback;
        }
    }

    private MemberLevel[] MembersOf(Type type) => _members.GetOrAdd(type, FindMembers);

    private MemberLevel[] FindMembers(Type type)
        => SerializableType.IsMarked(type) && type.Assembly != typeof(ExceptionCodec).Assembly
            ? [.. SerializableType.Read(type).Members.GroupBy(m => m.Level).OrderByDescending(l => l.Key).Select(l => new MemberLevel(codecs, [.. l]))]
            : [];
}
