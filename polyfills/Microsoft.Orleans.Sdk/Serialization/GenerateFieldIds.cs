namespace Orleans;

/// <summary>Which members of a serializable type get an id without an <see cref="IdAttribute"/>.</summary>
public enum GenerateFieldIds
{
    None = 0,
    PublicProperties = 1,
}
