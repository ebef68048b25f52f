namespace Orleans.Serialization;

internal static class BlittableElements
{
    public static bool Has(Type element) => BitConverter.IsLittleEndian && element.IsPrimitive && element != typeof(nint) && element != typeof(nuint) && element != typeof(bool);
}
