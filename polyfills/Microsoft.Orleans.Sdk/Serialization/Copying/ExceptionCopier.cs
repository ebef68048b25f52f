namespace Orleans.Serialization;

/// <summary>
/// Exceptions cross with their type, message, inner exceptions and stack trace. What derived types add crosses only if they are marked with [GenerateSerializer],
/// as it would between processes.
/// </summary>
internal sealed class ExceptionCopier : TypeCopier
{
    private readonly bool _isMarked;

    public ExceptionCopier(Type type)
    {
        _isMarked = SerializableType.IsMarked(type);
        if (_isMarked && type.Assembly != typeof(ExceptionCopier).Assembly)
            SerializableType.Read(type);
    }

    public override bool IsShallow => true;

    public override object Copy(object value, CopyContext context) => value;
}
