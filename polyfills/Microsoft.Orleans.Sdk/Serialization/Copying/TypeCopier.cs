namespace Orleans.Serialization;

/// <summary>Copies values of one run-time type.</summary>
internal abstract class TypeCopier
{
    /// <summary>Whether a value may be shared, so that it is its own copy.</summary>
    public virtual bool IsShallow => false;

    /// <summary>Whether values have an identity that the copy of a graph keeps.</summary>
    public virtual bool IsReference => true;

    public abstract object Copy(object value, CopyContext context);
}
