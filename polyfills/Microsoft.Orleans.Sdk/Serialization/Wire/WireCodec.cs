namespace Orleans.Serialization;

/// <summary>Writes and reads values of one run-time type.</summary>
internal abstract class WireCodec
{
    public virtual FieldKind Kind => FieldKind.Nested;

    /// <summary>Whether values have an identity that the message keeps; their codec registers them when it has made them.</summary>
    public virtual bool IsTracked => false;

    public abstract Type Type { get; }

    public abstract void WriteBoxed(WireWriter writer, object value);

    public abstract object ReadBoxed(WireReader reader);
}
