namespace OrleansLM.Engine.Text;

public enum TokenTextKind
{
    /// <summary>Whole characters.</summary>
    Text,

    /// <summary>One byte of a character.</summary>
    Byte,

    /// <summary>A control token such as <c>&lt;s&gt;</c>: no text unless special tokens are shown.</summary>
    Special,
}
