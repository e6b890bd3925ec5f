//! Objects of Python in the encoding, and back, as a format says.
//!
//! ```text
//! b bool    B u8    i i32    q i64    Q u64    d f64    s text    y bytes    m map of texts
//! ?x        x or None
//! [x]       list of x; [xy] list of tuples
//! (xy)      tuple
//! ```

use nacre_bindings::wire::{Malformed, Reader, Writer};
use pyo3::{
    Bound, IntoPyObjectExt, PyAny, PyErr, PyResult, Python,
    exceptions::{PyTypeError, PyValueError},
    pyfunction,
    types::{
        PyAnyMethods, PyBytes, PyBytesMethods, PyDict, PyDictMethods, PyList, PyListMethods, PyString, PyStringMethods,
        PyTuple, PyTupleMethods,
    },
};

/// What is left of a format.
struct Format<'a>(&'a [u8]);

impl<'a> Format<'a> {
    /// The next item, with its brackets and what stands before it.
    fn item(&mut self) -> PyResult<Option<&'a [u8]>> {
        let mut depth = 0;
        for (place, letter) in self.0.iter().enumerate() {
            match letter {
                b'[' | b'(' => depth += 1,
                b']' | b')' => depth -= 1,
                _ => {}
            }
            if depth == 0 && *letter != b'?' {
                let (item, rest) = self.0.split_at(place + 1);
                self.0 = rest;
                return Ok(Some(item));
            }
        }
        if self.0.is_empty() { Ok(None) } else { Err(illegal()) }
    }
}

fn illegal() -> PyErr {
    PyValueError::new_err("not a format")
}

fn malformed(malformed: Malformed) -> PyErr {
    PyValueError::new_err(malformed.to_string())
}

/// Decodes bytes from a place on as a tuple of what the format names.
#[pyfunction]
#[pyo3(signature = (format, data, offset = 0))]
pub(crate) fn decode<'py>(py: Python<'py>, format: &str, data: &[u8], offset: usize) -> PyResult<Bound<'py, PyTuple>> {
    let mut reader = Reader::new(data.get(offset..).ok_or_else(|| malformed(Malformed))?);
    let decoded = read_all(py, format.as_bytes(), &mut reader)?;
    reader.end().map_err(malformed)?;
    PyTuple::new(py, decoded)
}

fn read_all<'py>(py: Python<'py>, format: &[u8], reader: &mut Reader<'_>) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let mut format = Format(format);
    let mut all = Vec::with_capacity(format.0.len());
    while let Some(item) = format.item()? {
        all.push(read(py, item, reader)?);
    }
    Ok(all)
}

fn read<'py>(py: Python<'py>, item: &[u8], reader: &mut Reader<'_>) -> PyResult<Bound<'py, PyAny>> {
    match item {
        b"b" => reader.bool().map_err(malformed)?.into_bound_py_any(py),
        b"B" => reader.u8().map_err(malformed)?.into_bound_py_any(py),
        b"i" => reader.i32().map_err(malformed)?.into_bound_py_any(py),
        b"q" => reader.i64().map_err(malformed)?.into_bound_py_any(py),
        b"Q" => reader.u64().map_err(malformed)?.into_bound_py_any(py),
        b"d" => reader.f64().map_err(malformed)?.into_bound_py_any(py),
        b"s" => Ok(PyString::new(py, reader.str().map_err(malformed)?).into_any()),
        b"y" => Ok(PyBytes::new(py, reader.bytes().map_err(malformed)?).into_any()),
        b"m" => {
            let map = PyDict::new(py);
            for _ in 0..reader.count().map_err(malformed)? {
                map.set_item(reader.str().map_err(malformed)?, reader.str().map_err(malformed)?)?;
            }
            Ok(map.into_any())
        }
        [b'?', inner @ ..] => {
            if reader.bool().map_err(malformed)? {
                read(py, inner, reader)
            } else {
                Ok(py.None().into_bound(py))
            }
        }
        [b'[', inner @ .., b']'] => {
            let alone = inner.len() == 1;
            let count = reader.count().map_err(malformed)?;
            let list = PyList::empty(py);
            for _ in 0..count {
                if alone {
                    list.append(read(py, inner, reader)?)?;
                } else {
                    list.append(PyTuple::new(py, read_all(py, inner, reader)?)?)?;
                }
            }
            Ok(list.into_any())
        }
        [b'(', inner @ .., b')'] => Ok(PyTuple::new(py, read_all(py, inner, reader)?)?.into_any()),
        _ => Err(illegal()),
    }
}

/// Encodes values as a format names them.
#[pyfunction]
#[pyo3(signature = (format, *values))]
pub(crate) fn encode<'py>(
    py: Python<'py>,
    format: &str,
    values: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyBytes>> {
    let writer = write_all(format.as_bytes(), values, Writer::new())?;
    Ok(PyBytes::new(py, &writer.into_bytes()))
}

fn write_all(format: &[u8], values: &Bound<'_, PyTuple>, mut writer: Writer) -> PyResult<Writer> {
    let mut format = Format(format);
    let mut values = values.iter();
    while let Some(item) = format.item()? {
        let value = values.next().ok_or_else(|| PyTypeError::new_err("fewer values than the format names"))?;
        writer = write(item, &value, writer)?;
    }
    if values.next().is_some() {
        return Err(PyTypeError::new_err("more values than the format names"));
    }
    Ok(writer)
}

fn write(item: &[u8], value: &Bound<'_, PyAny>, writer: Writer) -> PyResult<Writer> {
    Ok(match item {
        b"b" => writer.bool(value.extract()?),
        b"B" => writer.u8(value.extract()?),
        b"i" => writer.i32(value.extract()?),
        b"q" => writer.i64(value.extract()?),
        b"Q" => writer.u64(value.extract()?),
        b"d" => writer.f64(value.extract()?),
        b"s" => writer.str(&value.cast::<PyString>()?.to_cow()?),
        b"y" => writer.bytes(value.cast::<PyBytes>()?.as_bytes()),
        b"m" => {
            let map = value.cast::<PyDict>()?;
            let mut writer = writer.count(map.len());
            for (key, value) in map.iter() {
                writer = writer.str(&key.cast::<PyString>()?.to_cow()?).str(&value.cast::<PyString>()?.to_cow()?);
            }
            writer
        }
        [b'?', inner @ ..] => {
            if value.is_none() {
                writer.bool(false)
            } else {
                write(inner, value, writer.bool(true))?
            }
        }
        [b'[', inner @ .., b']'] => {
            let mut writer = writer.count(value.len()?);
            for element in value.try_iter()? {
                writer = if inner.len() == 1 {
                    write(inner, &element?, writer)?
                } else {
                    write_all(inner, element?.cast::<PyTuple>()?, writer)?
                };
            }
            writer
        }
        [b'(', inner @ .., b')'] => write_all(inner, value.cast::<PyTuple>()?, writer)?,
        _ => return Err(illegal()),
    })
}
