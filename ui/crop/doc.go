// Package crop shows how CROP (Yang et al. 2022, arXiv 2210.07022) tags German via English: one sentence of the view "Entities", and
// the steps that it goes through.
//
// Begin with [Crop], the state; [Crop.View] is an immutable copy of it for the component in package ui. The steps themselves are in
// models/crop.
package crop
